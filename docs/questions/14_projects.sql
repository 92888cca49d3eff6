-- zh: 有哪些项目，规模与执行如何？
-- en: Which projects are there, by size and execution?
-- asked by: 所有读者 — everyone
-- mart: mart_projects
-- 解读: 一行是一张项目支出自评表。`project_id` 按部门与项目名称跨年跟踪（`dim_project`）；改名的项目会成为新项目。
-- reading: A row is one project form. `project_id` follows a project across years by department and name (`dim_project`); a renamed project becomes a new one.
select
    department_name,
    fiscal_year,
    project_name,
    budget_initial_wanyuan as budget_initial,
    budget_final_wanyuan as budget_final,
    executed_wanyuan as executed,
    round(execution_rate_calculated_pct, 2) as rate_pct,
    total_score_points as score,
    has_open_fail
from marts.mart_projects
where is_preferred
order by executed_wanyuan desc nulls last, department_name, fiscal_year, project_name
limit 10
