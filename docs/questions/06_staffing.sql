-- zh: 谁超编？
-- en: Who is over the staffing quota?
-- asked by: 审计人员 — auditors
-- mart: mart_staffing
-- 解读: 控制率＝在职÷编制，高于 100% 为超编（`outcome` 为 flag）。文字提到核减编制而表中编制未注明核减前后时，两种读法并列，`outcome` 为 deferred：要问，不要断言。
-- reading: The control rate is staff in post over quota; above 100 % is over quota (`outcome` flag). Where the text tells of a cut and the table does not say whether its quota is before or after it, both readings are given and `outcome` is deferred: ask, do not assert.
select
    department_name,
    fiscal_year,
    staffing_quota_count as quota,
    in_post_count as in_post,
    control_rate_reported_pct as printed_pct,
    round(control_rate_calculated_pct, 2) as calculated_pct,
    round(control_rate_after_cut_pct, 2) as after_cut_pct,
    outcome,
    has_open_fail
from marts.mart_staffing
where is_preferred
order by coalesce(control_rate_after_cut_pct, control_rate_calculated_pct) desc nulls last, department_name, fiscal_year
limit 10
