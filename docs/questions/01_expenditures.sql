-- zh: 谁在哪个阶段支出多少？
-- en: Who spends how much, by phase?
-- asked by: 所有读者 — everyone
-- mart: mart_expenditures
-- 解读: 每个金额只取一处：支出合计取整体自评表，基本支出与项目支出取文字报告，其余取基础数据表；`form_kinds_count` 是载明该数的表单种数，`spread_wanyuan` 是各处的差幅。带 `has_open_fail` 的数字与报告中另一处矛盾，引用前先查 `mart_findings`。
-- reading: Each amount is taken from one place: the total from the department form, basic and project expenditure from the narrative, all else from the base data table. `form_kinds_count` is how many kinds of form state it, `spread_wanyuan` how far they are apart. An amount with `has_open_fail` contradicts another place of the report: look into `mart_findings` before quoting it.
select
    department_name,
    fiscal_year,
    item_name,
    max(amount_wanyuan) filter (where phase_code = 'budget_initial') as budget_initial,
    max(amount_wanyuan) filter (where phase_code = 'budget_final') as budget_final,
    max(amount_wanyuan) filter (where phase_code = 'executed') as executed,
    max(spread_wanyuan) as spread_wanyuan,
    bool_or(has_open_fail) as has_open_fail
from marts.mart_expenditures
where
    is_preferred
    and fund_source_code = 'all'
    and item_code in ('total', 'basic_expenditure', 'project_expenditure')
    and phase_code in ('budget_initial', 'budget_final', 'executed')
    and amount_year = fiscal_year
group by department_name, fiscal_year, item_code, item_name
order by fiscal_year desc, item_code desc, executed desc
limit 12
