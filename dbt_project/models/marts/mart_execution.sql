-- How far the budget was executed, as each form tells it. `is_preferred` picks one row per department, year and item.
with execution as (
    select * from {{ ref('int_execution') }}
    where
        item_code in ('total', 'basic_expenditure', 'project_expenditure')
        and (budget_final_wanyuan is not null or executed_wanyuan is not null)
),

checked as (
    select
        execution.*,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        forms.project_name,
        rates.outcome as rate_outcome
    from execution
    inner join {{ ref('stg_reports') }} as reports
        on execution.report_id = reports.report_id
    left join {{ ref('stg_forms') }} as forms
        on execution.form_id = forms.form_id
    left join {{ ref('rule_execution_rates') }} as rates
        on execution.form_id = rates.form_id and execution.subject = rates.subject
)

select
    report_id,
    form_id,
    form_kind,
    city_code,
    department_id,
    department_name,
    fiscal_year,
    project_name,
    item_code,
    fund_source_code,
    budget_initial_wanyuan,
    budget_final_wanyuan,
    executed_wanyuan,
    execution_rate_reported_pct,
    cast(round(execution_ratio * 100, 4) as decimal(18, 6)) as execution_rate_calculated_pct,
    cast(execution_rate_reported_pct - round(execution_ratio * 100, 4) as decimal(18, 6)) as execution_rate_difference_pp,
    coalesce(rate_outcome, 'not_applicable') as outcome,
    form_kind <> 'project_evaluation' and fund_source_code = 'all' and row_number() over (
        partition by city_code, department_id, fiscal_year, item_code, fund_source_code
        order by
            case
                when form_kind = 'department_evaluation' then if(item_code = 'total', 1, 3)
                when form_kind = 'narrative' then 2
                else 4
            end,
            report_id,
            form_id
    ) = 1 as is_preferred,
    budget_initial_row_ids,
    budget_final_row_ids,
    executed_row_ids,
    evaluation_row_id
from checked
