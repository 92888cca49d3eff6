-- Signs that figures were made to fit: a rate of exactly 100 % after the budget was changed to what was spent, and round
-- budgets. An adjustment (部门基本支出预算调整) is no expenditure and takes no part.
with stated as (
    select
        *,
        -- Budget and expenditure of two kinds of forms may be about different things: some of the projects, all of them.
        max(form_kind) filter (where phase_code = 'executed') over (partition by report_id, item_code) as executed_form_kind
    from {{ ref('int_expenditures') }}
    where
        fund_source_code = 'all'
        and item_code <> 'basic_budget_adjustment'
        and (report_id, amount_year) in (
            select
                reports.report_id,
                reports.fiscal_year
            from {{ ref('int_reports') }} as reports
        )
),

phases as (
    select
        report_id,
        item_code,
        max(amount_wanyuan) filter (where phase_code = 'budget_initial') as budget_initial_wanyuan,
        max(amount_wanyuan) filter (where phase_code = 'budget_final') as budget_final_wanyuan,
        max(amount_wanyuan) filter (where phase_code = 'budget') as budget_wanyuan,
        max(amount_wanyuan) filter (where phase_code = 'executed') as executed_wanyuan,
        list_sort(flatten(list(row_ids))) as row_ids
    from stated
    where coalesce(form_kind = executed_form_kind, true)
    group by report_id, item_code
),

budgeted as (
    select
        *,
        coalesce(budget_final_wanyuan, budget_wanyuan, budget_initial_wanyuan) as last_budget_wanyuan
    from phases
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
