-- zh: 人均人员经费与公用经费是多少？
-- en: Personnel and public funds per head?
-- asked by: 财政局 — finance bureau
-- mart: mart_cost_per_head
-- 解读: 分子是全年执行数，分母是在职人数。报告未列人员经费的留空，不推算。
-- reading: Executed amounts over staff in post. Where a report does not state its personnel funds the cell is empty; nothing is inferred.
select
    department_name,
    fiscal_year,
    in_post_count as heads,
    personnel_funds_wanyuan as personnel,
    round(personnel_per_head_wanyuan, 2) as personnel_per_head,
    public_funds_wanyuan as public,
    round(public_per_head_wanyuan, 2) as public_per_head,
    scope_code,
    has_open_fail
from marts.mart_cost_per_head
where is_preferred
order by fiscal_year desc, public_per_head_wanyuan desc nulls last, department_name
limit 10
