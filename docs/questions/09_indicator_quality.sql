-- zh: 哪些指标无法衡量？
-- en: Which indicators cannot be measured?
-- asked by: 绩效评价人员 — evaluators
-- mart: mart_indicator_quality
-- 解读: 指标值为空、“无”或横线的算作没有指标值；`points_without_target` 是给这些指标的得分。定性指标（文字）不算没有指标值，但 `measured` 只数有数值的实际完成值。
-- reading: A target that is empty, 无 or a dash is no target; `points_without_target` are the points given all the same. A target in words is a target, but `measured` counts actual values with a number only.
select
    indicators.department_name,
    indicators.fiscal_year,
    coalesce(indicators.project_name, form_kinds.zh) as form,
    count(*) as indicators,
    count(*) filter (where indicators.is_blank_target) as without_target,
    count(*) filter (where indicators.is_measured) as measured,
    sum(indicators.weight_points) as weight_points,
    sum(indicators.points_without_target) as points_without_target
from marts.mart_indicator_quality as indicators
left join catalogue.codes as form_kinds
    on form_kinds.vocabulary = 'form_kind' and indicators.form_kind = form_kinds.code
where indicators.is_preferred
group by indicators.department_name, indicators.fiscal_year, indicators.form_id, form
order by points_without_target desc, measured * 1.0 / count(*), indicators.department_name, indicators.fiscal_year, form
limit 10
