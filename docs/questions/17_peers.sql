-- zh: 同一条线、同级的部门之间处于什么位置？
-- en: Where does a department stand among its peers?
-- asked by: 研究者 — researchers
-- mart: mart_peers
-- 解读: 先在同组内比：同市（city）或同一条线同一级别（line）。`z` 是以中位数与绝对中位差计的稳健 z 分数，|z|>3.5 才值得单看；`peers` 是组内有该数的部门数，`missing` 是没有的部门数，组太小（不足 5 个）时分位只是名次。
-- reading: Compare within a group: the city, or departments of one line and level. `z` is a robust z-score from median and median absolute deviation; above 3.5 it is worth a look. `peers` is how many of the group have the figure, `missing` how many have not; in a group of under five a percentile is no more than a rank.
select
    department_name,
    fiscal_year,
    peer_group_code as grouped_by,
    measure_code as measure,
    round(measure_value, 2) as value,
    round(peer_median_value, 2) as median,
    percentile_pct as percentile,
    round(robust_z_score, 2) as z,
    peers_count as peers,
    missing_departments_count as missing,
    has_open_fail
from marts.mart_peers
where peers_count > 1
order by abs(robust_z_score) desc nulls last, department_name, fiscal_year, peer_group_code, measure_code
limit 10
