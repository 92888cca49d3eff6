-- Signs that figures were made to fit: a rate of exactly 100 % after the budget was changed to what was spent, and round
-- budgets.
with budgeted as (
    select
        *,
        coalesce(budget_final_wanyuan, budget_wanyuan, budget_initial_wanyuan) as last_budget_wanyuan
    from {{ ref('int_item_phases') }}
)

select
    budgeted.report_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    budgeted.item_code,
    items.zh as item_name,
    budgeted.budget_initial_wanyuan,
    budgeted.last_budget_wanyuan,
    budgeted.executed_wanyuan,
    {{ percentage('budgeted.executed_wanyuan', 'budgeted.last_budget_wanyuan') }} as execution_rate_calculated_pct,
    budgeted.executed_wanyuan = budgeted.last_budget_wanyuan and budgeted.executed_wanyuan > 0 as is_exactly_full,
    budgeted.last_budget_wanyuan > 0 and budgeted.last_budget_wanyuan = round(budgeted.last_budget_wanyuan, 0)
        as is_round_budget,
    budgeted.executed_wanyuan > 0
    and budgeted.executed_wanyuan = budgeted.budget_final_wanyuan
    and budgeted.budget_final_wanyuan <> budgeted.budget_initial_wanyuan as is_budget_cut_to_actual,
    {{ is_contradicted('budgeted.row_ids') }} as has_open_fail,
    budgeted.row_ids as figure_row_ids
from budgeted
inner join {{ ref('int_reports') }} as reports
    on budgeted.report_id = reports.report_id
left join {{ ref('int_failed_figures') }} as failed
    on budgeted.report_id = failed.report_id
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and budgeted.item_code = items.code
where budgeted.last_budget_wanyuan is not null or budgeted.executed_wanyuan is not null
