-- Sentences of every section, one row each, as they are compared: without white space and digits, so that a changed number
-- hides nothing. Sentences under twelve characters say too little to count.
with sections as (
    select
        narratives.report_id,
        narratives.form_kind,
        narratives.section_code,
        narratives.row_id,
        reports.city_code,
        reports.department_id,
        reports.fiscal_year,
        narratives.text as section_text
    from {{ ref('stg_narratives') }} as narratives
    inner join {{ ref('int_reports') }} as reports
        on narratives.report_id = reports.report_id
    where
        reports.is_preferred
        and reports.department_id is not null
        and narratives.section_code not in ('preface', 'attachments')
),

pieces as (
    select
        report_id,
        form_kind,
        section_code,
        row_id,
        city_code,
        department_id,
        fiscal_year,
        unnest(string_split_regex(
            regexp_replace(section_text, '[\s\x{3000}0-9０-９.．,，%％]+', '', 'g'), '[。；;！!？?\n]'
        )) as sentence
    from sections
)

select
    report_id,
    form_kind,
    section_code,
    city_code,
    department_id,
    fiscal_year,
    sentence,
    list(row_id order by row_id) as row_ids
from pieces
where length(sentence) >= 12
group by report_id, form_kind, section_code, city_code, department_id, fiscal_year, sentence
