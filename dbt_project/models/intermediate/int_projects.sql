-- One row per project form: money, rate and score. A project is followed across years by its department and its name.
with execution as (
    select * from {{ ref('int_execution') }}
    where form_kind = 'project_evaluation' and item_code = 'project_expenditure' and fund_source_code = 'all'
)

select
    forms.form_id,
    forms.report_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    if(
        forms.project_name is null or reports.department_id is null,
        null,
        left(md5(concat_ws('/', reports.city_code, reports.department_id, {{ plain_name('forms.project_name') }})), 16)
    ) as project_id,
    forms.project_name,
    execution.budget_initial_wanyuan,
    execution.budget_final_wanyuan,
    execution.executed_wanyuan,
    execution.execution_rate_reported_pct,
    execution.execution_ratio,
    execution.total_score_points,
    execution.evaluation_row_id,
    list_sort(list_concat(
        coalesce(execution.budget_initial_row_ids, []),
        coalesce(execution.budget_final_row_ids, []),
        coalesce(execution.executed_row_ids, []),
        if(execution.evaluation_row_id is null, [], [execution.evaluation_row_id])
    )) as row_ids
from {{ ref('stg_forms') }} as forms
inner join {{ ref('int_reports') }} as reports
    on forms.report_id = reports.report_id
left join execution
    on forms.form_id = execution.form_id
where forms.form_kind = 'project_evaluation'
