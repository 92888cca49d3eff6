-- One row per department and year: headline figures, scores and number of findings of the report to use; `report_ids` names
-- every version that there is.
with departments as (
    select
        city_code,
        any_value(city_name) as city_name,
        department_id,
        arg_min(department_name, report_id) as department_name,
        fiscal_year,
        list(report_id order by report_id) as report_ids,
        list(report_id order by report_id) filter (where is_preferred) as preferred_ids
    from {{ ref('int_reports') }}
    group by city_code, department_id, fiscal_year
),

headlines as (
    select
        report_id,
        max(amount_wanyuan) filter (where item_code = 'total' and phase_code = 'budget_initial') as total_initial,
        max(amount_wanyuan) filter (where item_code = 'total' and phase_code = 'budget_final') as total_final,
        max(amount_wanyuan) filter (where item_code = 'total' and phase_code = 'executed') as total_executed,
        max(amount_wanyuan) filter (where item_code = 'basic_expenditure' and phase_code = 'executed') as basic_executed,
        max(amount_wanyuan) filter (where item_code = 'project_expenditure' and phase_code = 'executed') as project_executed,
        list_sort(flatten(list(row_ids))) as row_ids
    from {{ ref('int_headline_figures') }}
    group by report_id
),

scores as (
    select
        report_id,
        max(total_score_points) filter (where form_kind = 'department_evaluation') as department_score_points,
        count(*) filter (where form_kind = 'project_evaluation') as projects_count,
        avg(total_score_points) filter (where form_kind = 'project_evaluation') as projects_mean_score
    from {{ ref('stg_evaluations') }}
    where form_kind in ('department_evaluation', 'project_evaluation')
    group by report_id
),

findings as (
    select
        report_id,
        count(*) filter (where outcome = 'fail') as fails_count,
        count(*) filter (where outcome = 'round') as rounds_count,
        count(*) filter (where outcome = 'flag') as flags_count,
        count(*) filter (where outcome = 'deferred') as deferred_count,
        count(*) filter (where outcome not in ('not_applicable', 'flag')) as checks_count
    from {{ ref('rule_outcomes') }}
    group by report_id
),

untargeted as (
    select
        report_id,
        sum(points_without_target) as points_without_target
    from {{ ref('mart_indicator_quality') }}
    group by report_id
),

figures as (
    select
        departments.city_code,
        departments.department_id,
        departments.fiscal_year,
        arg_min(headlines.total_initial, headlines.report_id) as total_initial,
        arg_min(headlines.total_final, headlines.report_id) as total_final,
        arg_min(headlines.total_executed, headlines.report_id) as total_executed,
        arg_min(headlines.basic_executed, headlines.report_id) as basic_executed,
        arg_min(headlines.project_executed, headlines.report_id) as project_executed,
        arg_min(headlines.row_ids, headlines.report_id) as row_ids,
        arg_min(three_public.final_wanyuan, three_public.report_id) as three_public_final,
        arg_min(staffing.staffing_quota_count, staffing.report_id) as staffing_quota_count,
        arg_min(staffing.in_post_count, staffing.report_id) as in_post_count,
        arg_min(scores.department_score_points, scores.report_id) as department_score_points,
        sum(scores.projects_count) as projects_count,
        sum(scores.projects_mean_score * scores.projects_count) / nullif(sum(scores.projects_count), 0) as projects_mean_score,
        sum(untargeted.points_without_target) as points_without_target,
        sum(findings.fails_count) as fails_count,
        sum(findings.rounds_count) as rounds_count,
        sum(findings.flags_count) as flags_count,
        sum(findings.deferred_count) as deferred_count,
        sum(findings.checks_count) as checks_count
    from departments
    cross join unnest(departments.preferred_ids) as reports (report_id)
    left join headlines on reports.report_id = headlines.report_id
    left join scores on reports.report_id = scores.report_id
    left join findings on reports.report_id = findings.report_id
    left join untargeted on reports.report_id = untargeted.report_id
    left join {{ ref('mart_staffing') }} as staffing on reports.report_id = staffing.report_id
    left join {{ ref('mart_three_public') }} as three_public
        on reports.report_id = three_public.report_id and three_public.item_code = 'three_public'
    group by departments.city_code, departments.department_id, departments.fiscal_year
)

select
    departments.city_code,
    departments.city_name,
    departments.department_id,
    departments.department_name,
    departments.fiscal_year,
    departments.report_ids,
    figures.total_initial as total_budget_initial_wanyuan,
    figures.total_final as total_budget_final_wanyuan,
    figures.total_executed as total_executed_wanyuan,
    figures.basic_executed as basic_executed_wanyuan,
    figures.project_executed as project_executed_wanyuan,
    {{ percentage('figures.total_executed', 'figures.total_final') }} as execution_rate_calculated_pct,
    figures.three_public_final as three_public_final_wanyuan,
    figures.staffing_quota_count,
    figures.in_post_count,
    figures.department_score_points,
    cast(coalesce(figures.projects_count, 0) as integer) as projects_count,
    cast(round(figures.projects_mean_score, 6) as decimal(18, 6)) as projects_mean_score_points,
    cast(coalesce(figures.points_without_target, 0) as decimal(18, 6)) as points_without_target,
    cast(figures.fails_count as integer) as fails_count,
    cast(figures.rounds_count as integer) as rounds_count,
    cast(figures.flags_count as integer) as flags_count,
    cast(figures.deferred_count as integer) as deferred_count,
    cast(figures.checks_count as integer) as checks_count,
    coalesce(figures.row_ids, []) as figure_row_ids
from departments
inner join figures
    on
        departments.city_code is not distinct from figures.city_code
        and departments.department_id is not distinct from figures.department_id
        and departments.fiscal_year is not distinct from figures.fiscal_year
