-- How many sentences of a section stood in the department's report of the year before, and how many another department's
-- report of the year has too.
with sentences as (
    select * from {{ ref('int_sentences') }}
),

owners as (
    select
        fiscal_year,
        sentence,
        count(distinct coalesce(city_code, '') || '/' || department_id) as departments_count
    from sentences
    group by fiscal_year, sentence
),

own_sentences as (
    select distinct
        city_code,
        department_id,
        fiscal_year,
        sentence
    from sentences
)

select
    sentences.report_id,
    sentences.form_kind,
    sentences.section_code,
    cast(count(*) as integer) as sentences_count,
    cast(count(*) filter (where owners.departments_count > 1) as integer) as shared_sentences_count,
    cast(count(*) filter (where earlier.sentence is not null) as integer) as repeated_sentences_count,
    list_sort(list_distinct(flatten(list(sentences.row_ids)))) as row_ids
from sentences
inner join owners
    on sentences.fiscal_year = owners.fiscal_year and sentences.sentence = owners.sentence
left join own_sentences as earlier
    on
        sentences.city_code is not distinct from earlier.city_code
        and sentences.department_id = earlier.department_id
        and sentences.fiscal_year = earlier.fiscal_year + 1
        and sentences.sentence = earlier.sentence
group by sentences.report_id, sentences.form_kind, sentences.section_code
