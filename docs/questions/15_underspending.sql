-- zh: 钱在哪里没花出去或被调走？
-- en: Where did money go unspent or was moved out?
-- asked by: 审计人员 — auditors
-- mart: mart_underspending
-- 解读: 结余＝全年预算（没有时取未注明阶段的预算）−全年执行；负数是超支。`moved_out` 是年初预算高于全年预算的部分，报告未列年初预算时留空。
-- reading: Unspent is final budget (or the budget without a phase) minus executed; negative is overspent. `moved_out` is by how much the initial budget exceeds the final one, empty where no initial budget is stated.
select
    department_name,
    fiscal_year,
    coalesce(project_name, item_name) as item,
    budget_wanyuan as budget,
    executed_wanyuan as executed,
    unspent_wanyuan as unspent,
    round(unspent_pct, 2) as unspent_pct,
    moved_out_wanyuan as moved_out,
    deviation_reason,
    has_open_fail
from marts.mart_underspending
where is_preferred and (unspent_wanyuan > 0 or moved_out_wanyuan > 0)
order by unspent_pct desc nulls last, unspent_wanyuan desc, department_name, fiscal_year, item
limit 10
