-- zh: 预算执行到什么程度？
-- en: How far is the budget executed?
-- asked by: 财政局 — finance bureau
-- mart: mart_execution
-- 解读: 执行率＝全年执行数÷全年预算数；全年预算数为 0 时没有执行率，不是 0。`outcome` 是打印的执行率与推算的执行率的核对结果（F08）；打印为整数时容差为 0.5 个百分点。
-- reading: The rate is executed over final budget; of a budget of 0 there is none, which is not 0. `outcome` compares the printed rate with the calculated one (F08); a rate printed whole has a tolerance of half a percentage point.
select
    department_name,
    fiscal_year,
    item_name,
    budget_final_wanyuan as budget_final,
    executed_wanyuan as executed,
    execution_rate_reported_pct as printed_pct,
    round(execution_rate_calculated_pct, 2) as calculated_pct,
    round(execution_rate_difference_pp, 2) as difference_pp,
    outcome,
    has_open_fail
from marts.mart_execution
where is_preferred and execution_rate_reported_pct is not null
order by abs(execution_rate_difference_pp) desc nulls last, department_name, fiscal_year, item_code
limit 10
