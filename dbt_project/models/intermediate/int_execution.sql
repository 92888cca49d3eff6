-- Execution of total, basic and project expenditure as one form tells it: the three phases, and the rate and score it
-- prints. A rate over the initial budget (完成年初预算的99%) is kept apart from the execution rate. A rate printed for one fund
-- source (chapters of a narrative) stays with that source, unless it is the only one.
with amounts as (
    select
        figures.report_id,
        figures.form_id,
        figures.form_kind,
        figures.item_code,
        figures.fund_source_code,
        figures.comparable_phases[1] as phase_code,
        figures.figure_value,
        figures.row_ids
    from {{ ref('int_figures') }} as figures
    inner join {{ ref('stg_reports') }} as reports
        on figures.report_id = reports.report_id and figures.amount_year = reports.fiscal_year
    where
        figures.field_name = 'amount_wanyuan'
        and figures.item_code in ('total', 'basic_expenditure', 'project_expenditure')
        and figures.form_kind <> 'base_data'
        and figures.figure_value is not null
        and len(figures.comparable_phases) = 1
),

by_fund as (
    select
        report_id,
        form_id,
        form_kind,
        item_code,
        fund_source_code,
        max(figure_value) filter (where phase_code = 'budget_initial') as budget_initial_wanyuan,
        max(figure_value) filter (where phase_code = 'budget_final') as budget_final_wanyuan,
        max(figure_value) filter (where phase_code = 'executed') as executed_wanyuan,
        coalesce(max(row_ids) filter (where phase_code = 'budget_initial'), []) as budget_initial_row_ids,
        coalesce(max(row_ids) filter (where phase_code = 'budget_final'), []) as budget_final_row_ids,
        coalesce(max(row_ids) filter (where phase_code = 'executed'), []) as executed_row_ids,
        count(*) filter (where fund_source_code <> 'all') over (partition by form_id, item_code) as funds_count
    from amounts
    group by report_id, form_id, form_kind, item_code, fund_source_code
),

only_funds as (
    select
        form_id,
        item_code,
        fund_source_code
    from by_fund
    where form_kind = 'narrative' and fund_source_code <> 'all' and funds_count = 1
),

evaluations as (
    select
        evaluations.row_id,
        evaluations.report_id,
        evaluations.form_id,
        evaluations.form_kind,
        evaluations.item_code,
        if(only_funds.form_id is null, evaluations.fund_source_code, 'all') as fund_source_code,
        evaluations.execution_rate_basis_code,
        if(
            evaluations.execution_rate_basis_code = 'budget_initial', null, evaluations.execution_rate_reported_pct
        ) as execution_rate_reported_pct,
        if(
            evaluations.execution_rate_basis_code = 'budget_initial', evaluations.execution_rate_reported_pct, null
        ) as initial_rate_reported_pct,
        coalesce(rates.decimals, 2) as rate_decimals,
        evaluations.execution_weight_points,
        evaluations.execution_score_points,
        coalesce(scores.decimals, 2) as score_decimals,
        evaluations.total_score_points
    from {{ ref('stg_evaluations') }} as evaluations
    left join only_funds
        on
            evaluations.form_id = only_funds.form_id
            and evaluations.item_code = only_funds.item_code
            and evaluations.fund_source_code = only_funds.fund_source_code
    left join {{ ref('stg_printed_decimals') }} as rates
        on evaluations.row_id = rates.row_id and rates.field_name = 'execution_rate_reported_pct'
    left join {{ ref('stg_printed_decimals') }} as scores
        on evaluations.row_id = scores.row_id and scores.field_name = 'execution_score_points'
),

joined as (
    select
        coalesce(by_fund.report_id, evaluations.report_id) as report_id,
        coalesce(by_fund.form_id, evaluations.form_id) as form_id,
        coalesce(by_fund.form_kind, evaluations.form_kind) as form_kind,
        coalesce(by_fund.item_code, evaluations.item_code) as item_code,
        coalesce(by_fund.fund_source_code, evaluations.fund_source_code) as fund_source_code,
        by_fund.budget_initial_wanyuan,
        by_fund.budget_final_wanyuan,
        by_fund.executed_wanyuan,
        coalesce(by_fund.budget_initial_row_ids, []) as budget_initial_row_ids,
        coalesce(by_fund.budget_final_row_ids, []) as budget_final_row_ids,
        coalesce(by_fund.executed_row_ids, []) as executed_row_ids,
        {{ exact_ratio('by_fund.executed_wanyuan', 'by_fund.budget_final_wanyuan') }} as execution_ratio,
        {{ exact_ratio('by_fund.executed_wanyuan', 'by_fund.budget_initial_wanyuan') }} as initial_ratio,
        evaluations.row_id as evaluation_row_id,
        evaluations.execution_rate_basis_code,
        evaluations.execution_rate_reported_pct,
        evaluations.initial_rate_reported_pct,
        evaluations.rate_decimals,
        evaluations.execution_weight_points,
        evaluations.execution_score_points,
        evaluations.score_decimals,
        evaluations.total_score_points
    from by_fund
    full join evaluations
        on
            by_fund.form_id = evaluations.form_id
            and by_fund.item_code = evaluations.item_code
            and by_fund.fund_source_code = evaluations.fund_source_code
)

select
    *,
    concat_ws('/', item_code, nullif(fund_source_code, 'all')) as subject
from joined
where fund_source_code = 'all' or evaluation_row_id is not null
