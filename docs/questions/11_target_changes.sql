-- zh: 指标值是否定低了或调低了？
-- en: Were targets set low or lowered?
-- asked by: 绩效评价人员 — evaluators
-- mart: mart_target_changes
-- 解读: `prior_actual` 是同一指标上年的实际完成值：本年指标值比它还容易达到的为 `easier`。`other_form` 是同一报告另一张表给同一指标的指标值，两表不同即自相矛盾（F20）。
-- reading: `prior_actual` is what the same indicator reached the year before; a target that is easier than that is `easier`. `other_form` is the target that another form of the same report gives the same indicator: where they differ the report contradicts itself (F20).
select
    department_name,
    fiscal_year,
    coalesce(project_name, '整体') as form,
    indicator_name,
    prior_target_value as prior_target,
    prior_actual_value as prior_actual,
    target_value as target,
    actual_value as actual,
    round(achievement_pct, 1) as achievement_pct,
    is_easier_than_prior_actual as easier,
    other_form_target_value as other_form
from marts.mart_target_changes
where is_easier_than_prior_actual or other_form_target_value <> target_value
order by
    other_form_target_value <> target_value desc nulls last,
    abs(target_value - prior_actual_value) / nullif(prior_actual_value, 0) desc nulls last,
    department_name, fiscal_year, indicator_name
limit 10
