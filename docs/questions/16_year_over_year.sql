-- zh: 与上年相比如何？
-- en: What changed from the year before?
-- asked by: 所有读者 — everyone
-- mart: mart_year_over_year
-- 解读: 上年数优先取上年自己的报告（`prior_reported`），没有时取本年报告的上年列（`prior_stated`）；两者不一致为 restated。series_break 与 scope_change 的变动不可直接比较。
-- reading: The year before is last year's own report (`prior_reported`) where it is there, else the column that this year's report gives it (`prior_stated`); where the two differ it is restated. Do not compare across series_break and scope_change.
select
    changes.department_name,
    changes.fiscal_year,
    coalesce(items.zh, changes.measure_code) as measure,
    changes.phase_code as phase,
    changes.prior_reported_value as prior_reported,
    changes.prior_stated_value as prior_stated,
    changes.measure_value as this_year,
    changes.change_value as change,
    round(changes.change_pct, 2) as change_pct,
    changes.comparability_code as comparability,
    changes.has_open_fail
from marts.mart_year_over_year as changes
left join catalogue.codes as items
    on items.vocabulary = 'item' and changes.measure_code = items.code
where changes.unit = '万元' and coalesce(changes.phase_code, 'executed') = 'executed' and changes.change_pct is not null
order by abs(changes.change_pct) desc, changes.department_name, changes.fiscal_year, measure
limit 10
