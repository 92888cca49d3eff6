-- Texts that come back: how much of a section stood in the department's report of the year before or in other departments'
-- reports of the same year.
with sections as (
    select
        narratives.report_id,
        narratives.form_kind,
        narratives.section_code,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        string_agg(narratives.text, '。' order by narratives.row_id) as section_text,
        list(narratives.row_id order by narratives.row_id) as row_ids
    from {{ ref('stg_narratives') }} as narratives
    inner join {{ ref('int_reports') }} as reports
        on narratives.report_id = reports.report_id
    where
        reports.is_preferred
        and reports.department_id is not null
        and narratives.section_code not in ('preface', 'attachments')
        and trim(narratives.text) <> ''
    group by all
),

reported_years as (
    select distinct
        city_code,
        department_id,
        fiscal_year
    from sections
)

select
    sections.report_id,
    sections.form_kind,
    sections.city_code,
    sections.department_id,
    sections.department_name,
    sections.fiscal_year,
    sections.section_code,
    section_names.zh as section_name,
    md5(sections.section_text) as text_hash,
    cast(length(sections.section_text) as integer) as characters_count,
    coalesce(repeated.sentences_count, 0) as sentences_count,
    case
        when earlier.fiscal_year is not null
            then {{ percentage('repeated.repeated_sentences_count', 'repeated.sentences_count') }}
    end as repeated_from_prior_year_pct,
    {{ percentage('repeated.shared_sentences_count', 'repeated.sentences_count') }} as shared_with_others_pct,
    cast(len(regexp_extract_all(sections.section_text, '\d+(?:\.\d+)?')) as integer) as numbers_count,
    cast(len(regexp_extract_all(sections.section_text, '将|拟|下一步|计划|力争|确保')) as integer) as promises_count,
    sections.row_ids as text_row_ids
from sections
left join {{ ref('int_repeated_sections') }} as repeated
    on
        sections.report_id = repeated.report_id
        and sections.form_kind = repeated.form_kind
        and sections.section_code = repeated.section_code
left join reported_years as earlier
    on
        sections.city_code is not distinct from earlier.city_code
        and sections.department_id = earlier.department_id
        and sections.fiscal_year = earlier.fiscal_year + 1
left join {{ source('catalogue', 'codes') }} as section_names
    on section_names.vocabulary = 'section' and sections.section_code = section_names.code
