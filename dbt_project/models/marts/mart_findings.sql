-- Every contradiction, rounding difference, flag and open question of a report in force.
select
    outcomes.rule_id,
    outcomes.check_id,
    outcomes.report_id,
    outcomes.form_id,
    outcomes.city_code,
    outcomes.department_id,
    outcomes.department_name,
    outcomes.fiscal_year,
    reports.is_preferred,
    outcomes.form_kind,
    outcomes.project_name,
    outcomes.subject,
    outcomes.stated_value,
    outcomes.computed_value,
    outcomes.difference,
    outcomes.unit,
    outcomes.outcome,
    outcomes.reason,
    outcomes.severity,
    outcomes.tolerance,
    outcomes.message_zh,
    outcomes.message_en,
    outcomes.left_row_ids,
    outcomes.right_row_ids
from {{ ref('rule_outcomes') }} as outcomes
left join {{ ref('int_reports') }} as reports
    on outcomes.report_id = reports.report_id
where outcomes.outcome not in ('ok', 'not_applicable')
