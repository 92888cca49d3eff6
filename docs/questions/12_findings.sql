-- zh: 报告自身是否一致？
-- en: Does the report agree with itself?
-- asked by: 审计人员 — auditors
-- mart: mart_findings
-- 解读: `fail` 是矛盾，`round` 是四舍五入可以解释的差，`flag` 是风险提示，`deferred` 需要人判断。`stated` 是报告写的数，`computed` 是推算的数；`jixiao trace` 可从 `left_row_ids`、`right_row_ids` 追到单元格。规则见 [rules.md](rules.md)。
-- reading: `fail` is a contradiction, `round` a difference that rounding explains, `flag` a warning sign, `deferred` needs a person. `stated` is what the report says, `computed` what the rule makes of it; `jixiao trace` leads from `left_row_ids` and `right_row_ids` to the cells. The rules are in [rules.md](rules.md).
select
    department_name,
    fiscal_year,
    check_id,
    severity,
    stated_value as stated,
    computed_value as computed,
    difference,
    message_zh
from marts.mart_findings
where is_preferred and outcome = 'fail'
order by list_position(['critical', 'high', 'medium', 'low'], severity), abs(difference) desc nulls last, check_id, department_name
limit 10
