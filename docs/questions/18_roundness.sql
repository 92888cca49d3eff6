-- zh: 哪些恰好 100%，哪些预算是整数？
-- en: What is exactly 100 %, and which budgets are round?
-- asked by: 审计人员 — auditors
-- mart: mart_roundness
-- 解读: 恰好 100% 且年中把预算改成了支出数（`cut_to_actual`）才是信号；整数预算只是提示，小额科目常为整数。
-- reading: Exactly 100 % after the budget was changed to what was spent (`cut_to_actual`) is a sign; a round budget is only a hint, small items are often round.
select
    department_name,
    fiscal_year,
    item_name,
    budget_initial_wanyuan as budget_initial,
    last_budget_wanyuan as last_budget,
    executed_wanyuan as executed,
    round(execution_rate_calculated_pct, 2) as rate_pct,
    is_exactly_full as exactly_full,
    is_budget_cut_to_actual as cut_to_actual,
    is_round_budget as round_budget,
    has_open_fail
from marts.mart_roundness
where is_preferred and (is_exactly_full or is_round_budget)
order by is_budget_cut_to_actual desc nulls last, is_exactly_full desc, last_budget_wanyuan desc, department_name, fiscal_year, item_code
limit 10
