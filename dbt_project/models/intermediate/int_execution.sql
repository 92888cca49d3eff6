-- Execution of total, basic and project expenditure as one form tells it: the three phases, and the rate and score it prints.
with amounts as (
    select
        report_id,
        form_id,
        form_kind,
        item_code,
        comparable_phases[1] as phase_code,
        value,
        row_ids
    from {{ ref('int_figures') }} as figures
    where
        field_name = 'amount_wanyuan'
        and item_code in ('total', 'basic_expenditure', 'project_expenditure')
        and fund_source_code = 'all'
        and form_kind <> 'base_data'
        and value is not null
        and len(comparable_phases) = 1
        and exists (
            select 1 from {{ ref('stg_reports') }} as reports
            where reports.report_id = figures.report_id and reports.fiscal_year = figures.amount_year
        )
),

by_form as (
    select
        report_id,
        form_id,
        form_kind,
        item_code,
        max(value) filter (where phase_code = 'budget_initial') as budget_initial_wanyuan,
        max(value) filter (where phase_code = 'budget_final') as budget_final_wanyuan,
        max(value) filter (where phase_code = 'executed') as executed_wanyuan,
        coalesce(max(row_ids) filter (where phase_code = 'budget_initial'), []) as budget_initial_row_ids,
        coalesce(max(row_ids) filter (where phase_code = 'budget_final'), []) as budget_final_row_ids,
        coalesce(max(row_ids) filter (where phase_code = 'executed'), []) as executed_row_ids
    from amounts
    group by report_id, form_id, form_kind, item_code
),

evaluations as (
    select
        evaluations.*,
        coalesce(rates.decimals, 2) as rate_decimals,
        coalesce(scores.decimals, 2) as score_decimals
    from {{ ref('stg_evaluations') }} as evaluations
    left join {{ ref('stg_printed_decimals') }} as rates
        on evaluations.row_id = rates.row_id and rates.field_name = 'execution_rate_reported_pct'
    left join {{ ref('stg_printed_decimals') }} as scores
        on evaluations.row_id = scores.row_id and scores.field_name = 'execution_score_points'
)

select
    coalesce(by_form.report_id, evaluations.report_id) as report_id,
    coalesce(by_form.form_id, evaluations.form_id) as form_id,
    coalesce(by_form.form_kind, evaluations.form_kind) as form_kind,
    coalesce(by_form.item_code, evaluations.item_code) as item_code,
    by_form.budget_initial_wanyuan,
    by_form.budget_final_wanyuan,
    by_form.executed_wanyuan,
    coalesce(by_form.budget_initial_row_ids, []) as budget_initial_row_ids,
    coalesce(by_form.budget_final_row_ids, []) as budget_final_row_ids,
    coalesce(by_form.executed_row_ids, []) as executed_row_ids,
    {{ exact_ratio('by_form.executed_wanyuan', 'by_form.budget_final_wanyuan') }} as execution_ratio,
    evaluations.row_id as evaluation_row_id,
    evaluations.execution_rate_reported_pct,
    evaluations.rate_decimals,
    evaluations.execution_weight_points,
    evaluations.execution_score_points,
    evaluations.score_decimals,
    evaluations.total_score_points
from by_form
full join evaluations
    on by_form.form_id = evaluations.form_id and by_form.item_code = evaluations.item_code
