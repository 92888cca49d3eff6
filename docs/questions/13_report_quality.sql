-- zh: 哪些报告干净，哪些破绽多？
-- en: Which reports are clean, which are broken?
-- asked by: 财政局 — finance bureau
-- mart: mart_report_quality
-- 解读: 名次按矛盾数占已核对数的比例在同市同年内排列：表多的报告核对项也多，不因此吃亏。`ranked` 是参与排名的报告数，`missing` 是没有报告的部门数。`unchecked` 是报告缺少所需数字而无法核对的项目数：缺得多的报告不等于干净。
-- reading: The rank is by contradictions per comparison, within city and year, so that a report with more forms is not worse off. `ranked` is how many reports take part, `missing` how many departments have none. `unchecked` is how many checks found no figures to compare: a report that states little is not clean for that.
select
    department_name,
    fiscal_year,
    checks_count as checks,
    fails_count as fails,
    hard_fails_count as hard,
    rounds_count as rounds,
    flags_count as flags,
    unchecked_count as unchecked,
    round(fails_share_pct, 2) as fails_pct,
    round(figures_accepted_pct, 1) as read_pct,
    cleanness_rank as rank,
    ranked_count as ranked,
    missing_departments_count as missing
from marts.mart_report_quality
where is_preferred
order by fails_share_pct desc nulls last, department_name, fiscal_year
limit 10
