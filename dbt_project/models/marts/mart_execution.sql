-- How far the budget was executed, as each form tells it. `is_preferred` picks one row per department, year and item:
-- of the report to use, the department form's total and the narrative's basic and project expenditure.
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
        reports.is_preferred as is_preferred_report,
        forms.project_name,
        items.zh as item_name,
        rates.outcome as rate_outcome,
        {{ is_contradicted(
            'list_concat(execution.budget_initial_row_ids, execution.budget_final_row_ids, execution.executed_row_ids, '
            '[execution.evaluation_row_id])'
        ) }} as has_open_fail
    from execution
    inner join {{ ref('int_reports') }} as reports
        on execution.report_id = reports.report_id
    left join {{ ref('int_failed_figures') }} as failed
        on execution.report_id = failed.report_id
    left join {{ source('catalogue', 'codes') }} as items
        on items.vocabulary = 'item' and execution.item_code = items.code
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
    item_name,
    fund_source_code,
    budget_initial_wanyuan,
    budget_final_wanyuan,
    executed_wanyuan,
    execution_rate_reported_pct,
    cast(round(execution_ratio * 100, 4) as decimal(18, 6)) as execution_rate_calculated_pct,
    cast(execution_rate_reported_pct - round(execution_ratio * 100, 4) as decimal(18, 6)) as execution_rate_difference_pp,
    coalesce(rate_outcome, 'not_applicable') as outcome,
    is_preferred_report and form_kind <> 'project_evaluation' and fund_source_code = 'all' and row_number() over (
        partition by city_code, department_id, fiscal_year, item_code, fund_source_code
        order by
            is_preferred_report desc,
            case
                when form_kind = 'department_evaluation' then if(item_code = 'total', 1, 3)
                when form_kind = 'narrative' then 2
                else 4
            end asc,
            report_id asc,
            form_id asc
    ) = 1 as is_preferred,
    has_open_fail,
    budget_initial_row_ids,
    budget_final_row_ids,
    executed_row_ids,
    evaluation_row_id
from checked
