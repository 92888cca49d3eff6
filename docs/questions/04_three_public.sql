-- zh: 各部门“三公”经费各项的上年决算、本年预算、本年决算？
-- en: Three-public expenses by item: last year, budget, final accounts?
-- asked by: 市民 — citizens
-- mart: mart_three_public
-- 解读: 预算为 0 的没有占比，上年为 0 的没有变动率。2022 年起表头由“一般公共预算财政拨款”改为“财政拨款”：`comparability_code` 为 series_break 的同比不可直接比较。
-- reading: A budget of 0 has no share, and a prior year of 0 no change. From 2022 the heading is 财政拨款 instead of 一般公共预算财政拨款: where `comparability_code` is series_break, do not compare with the year before.
select
    department_name,
    fiscal_year,
    item_name,
    prior_final_wanyuan as prior_final,
    budget_wanyuan as budget,
    final_wanyuan as final,
    round(final_to_budget_pct, 2) as final_to_budget_pct,
    round(year_on_year_pct, 2) as year_on_year_pct,
    comparability_code,
    has_open_fail
from marts.mart_three_public
where is_preferred and item_code = 'three_public'
order by fiscal_year desc, final_wanyuan desc nulls last, department_name
limit 10
