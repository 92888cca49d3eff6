-- zh: 年中预算调整了多少，说明原因了吗？
-- en: How much was the budget changed in the year, and is it explained?
-- asked by: 审计人员 — auditors
-- mart: mart_budget_adjustments
-- 解读: `is_explained` 为空表示该报告没有可以说明调整的位置；false 表示有位置而留空（F22）。调整超过 ±10% 而无原因另有提示（R 类规则）。
-- reading: `is_explained` is null where the report has no place for an explanation, and false where there is one and it is empty (F22). A change of more than ±10 % without a reason is a red flag of its own.
select
    department_name,
    fiscal_year,
    item_name,
    budget_initial_wanyuan as budget_initial,
    budget_final_wanyuan as budget_final,
    change_wanyuan,
    round(change_pct, 2) as change_pct,
    is_explained,
    has_open_fail
from marts.mart_budget_adjustments
where is_preferred and change_wanyuan <> 0
order by abs(change_pct) desc nulls last, department_name, fiscal_year, item_code
limit 10
