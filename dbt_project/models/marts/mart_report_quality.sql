-- How clean each report is: what was checked, what failed, what could not be read; its rank in city and year, by
-- contradictions per check.
with outcomes as (
    select
        report_id,
        count(*) filter (where outcome not in ('not_applicable', 'flag')) as checks_count,
        count(*) filter (where outcome = 'ok') as agreements_count,
        count(*) filter (where outcome = 'fail') as fails_count,
        count(*) filter (where outcome = 'fail' and severity in ('critical', 'high')) as hard_fails_count,
        count(*) filter (where outcome = 'round') as rounds_count,
        count(*) filter (where outcome = 'flag') as flags_count,
        count(*) filter (where outcome = 'deferred') as deferred_count,
        count(distinct check_id) filter (where outcome = 'not_applicable') as unchecked_count
    from {{ ref('rule_outcomes') }}
    group by report_id
),

departments as (
    select
        city_code,
        count(*) as departments_count
    from {{ ref('int_departments') }}
    group by city_code
),

measured as (
    select
        reports.report_id,
        reports.file_report_ids,
        reports.file_name,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        reports.is_preferred,
        reports.form_kinds,
        reports.template_ids,
        reports.has_off_template,
        reports.figures_extracted_count,
        reports.figures_accepted_count,
        reports.figures_quarantined_count,
        reports.figures_unmapped_count,
        cast(outcomes.checks_count as integer) as checks_count,
        cast(outcomes.agreements_count as integer) as agreements_count,
        cast(outcomes.fails_count as integer) as fails_count,
        cast(outcomes.hard_fails_count as integer) as hard_fails_count,
        cast(outcomes.rounds_count as integer) as rounds_count,
        cast(outcomes.flags_count as integer) as flags_count,
        cast(outcomes.deferred_count as integer) as deferred_count,
        cast(outcomes.unchecked_count as integer) as unchecked_count,
        {{ percentage('outcomes.fails_count', 'outcomes.checks_count') }} as fails_share_pct,
        {{ percentage('reports.figures_accepted_count', 'reports.figures_extracted_count') }} as figures_accepted_pct
    from {{ ref('int_reports') }} as reports
    inner join outcomes
        on reports.report_id = outcomes.report_id
)

select
    measured.*,
    cast(
        rank() over (
            partition by measured.city_code, measured.fiscal_year, measured.is_preferred
            order by measured.fails_share_pct asc nulls last
        ) as integer
    ) as cleanness_rank,
    cast(
        count(*) over (partition by measured.city_code, measured.fiscal_year, measured.is_preferred) as integer
    ) as ranked_count,
    cast(
        departments.departments_count
        - count(distinct measured.department_id) over (partition by measured.city_code, measured.fiscal_year)
        as integer
    ) as missing_departments_count
from measured
left join departments
    on measured.city_code is not distinct from departments.city_code
