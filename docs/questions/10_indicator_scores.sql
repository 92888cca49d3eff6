-- zh: 得分是否跟着指标值与完成值走？
-- en: Do scores follow target and actual value?
-- asked by: 绩效评价人员 — evaluators
-- mart: mart_indicator_scores
-- 解读: 应得分＝分值×完成比例（封顶于分值）；只对方向明确、单位可比的数值指标计算。`gap` 为正是多给，为负是少给；超过 150% 仍得满分的另标 `far_above`。
-- reading: The expected score is weight × the share of the target that was met, at most the weight, and is calculated only for numbers whose direction is certain and whose units compare. A positive `gap` is too many points, a negative one too few; `far_above` marks more than 150 % of the target.
select
    department_name,
    fiscal_year,
    indicator_name,
    target_raw as target,
    actual_raw as actual,
    round(achievement_pct, 1) as achievement_pct,
    weight_points as weight,
    expected_score_points as expected,
    score_points as given,
    score_gap_points as gap,
    is_far_above_target as far_above,
    has_open_fail
from marts.mart_indicator_scores
where is_preferred and (score_gap_points <> 0 or is_far_above_target or achievement_pct < 100)
order by abs(score_gap_points) desc nulls last, achievement_pct desc, department_name, fiscal_year, indicator_number
limit 10
