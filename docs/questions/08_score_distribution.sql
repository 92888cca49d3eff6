-- zh: 自评得分虚高吗？分布如何？
-- en: Are scores inflated? How are they distributed?
-- asked by: 研究者 — researchers
-- mart: mart_score_distribution
-- 解读: `scores_count` 是参与统计的得分数，`missing` 是没有得分的部门数：占比只对前者而言。超过 100 分的（权重合计 110 的表）不在同一尺度，另计为 off_scale。
-- reading: `scores_count` is the number of scores counted, `missing` the departments without one: shares speak of the former only. Totals above 100 (forms whose weights make 110) are on another scale and counted as off_scale.
select
    cities.city_name,
    scores.fiscal_year,
    form_kinds.zh as form,
    scores.scores_count,
    scores.off_scale_scores_count as off_scale,
    scores.missing_departments_count as missing,
    round(scores.mean_score_points, 2) as mean,
    scores.median_score_points as median,
    round(scores.share_from_99_pct, 1) as share_from_99_pct,
    round(scores.share_of_100_pct, 1) as share_of_100_pct,
    round(scores.share_excellent_pct, 1) as share_excellent_pct,
    scores.contradicted_scores_count as contradicted
from marts.mart_score_distribution as scores
inner join marts.dim_city as cities
    on scores.city_code = cities.city_code
left join catalogue.codes as form_kinds
    on form_kinds.vocabulary = 'form_kind' and scores.form_kind = form_kinds.code
order by scores.fiscal_year desc, cities.city_name, scores.form_kind
limit 10
