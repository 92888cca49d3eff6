-- zh: 人均“三公”经费是多少？不含购车呢？
-- en: Three-public expenses per head; without purchases?
-- asked by: 记者 — journalists
-- mart: mart_three_public_per_head
-- 解读: 人数是在职人数，不含离退休人员。购车使单年大起大落，故另列不含购车的变动。口径为 consolidated（含下属单位）的金额除以本级人数没有意义，先看 `scope_code`。
-- reading: Heads are staff in post, without retirees. A vehicle bought in one year distorts the change, so it is given without purchases too. A consolidated amount (`scope_code`) over the staff of the centre alone means nothing.
select
    department_name,
    fiscal_year,
    final_wanyuan as final,
    in_post_count as heads,
    round(per_head_wanyuan, 2) as per_head,
    round(year_on_year_pct, 2) as change_pct,
    round(without_purchase_year_on_year_pct, 2) as without_purchase_change_pct,
    scope_code,
    comparability_code,
    has_open_fail
from marts.mart_three_public_per_head
where is_preferred and per_head_wanyuan is not null
order by fiscal_year desc, per_head_wanyuan desc, department_name
limit 10
