-- Projects by size and execution, one row per project form.
select
    projects.form_id,
    projects.report_id,
    projects.city_code,
    projects.department_id,
    projects.department_name,
    projects.fiscal_year,
    projects.is_preferred,
    projects.project_id,
    projects.project_name,
    projects.budget_initial_wanyuan,
    projects.budget_final_wanyuan,
    projects.executed_wanyuan,
    projects.execution_rate_reported_pct,
    cast(round(projects.execution_ratio * 100, 4) as decimal(18, 6)) as execution_rate_calculated_pct,
    projects.total_score_points,
    {{ is_contradicted('projects.row_ids') }} as has_open_fail,
    projects.row_ids as figure_row_ids
from {{ ref('int_projects') }} as projects
left join {{ ref('int_failed_figures') }} as failed
    on projects.report_id = failed.report_id
