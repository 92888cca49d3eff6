-- Whether a target was set low or lowered: the target and actual value of the same indicator a year before, and the target
-- that another form of the same report gives it.
select
    row_id,
    report_id,
    form_id,
    form_kind,
    city_code,
    department_id,
    department_name,
    fiscal_year,
    project_name,
    indicator_name,
    target_raw,
    target_value,
    actual_value,
    achievement_pct,
    earlier_target_value as prior_target_value,
    earlier_actual_value as prior_actual_value,
    target_change_pct,
    is_easier_than_earlier_actual as is_easier_than_prior_actual,
    other_form_target_value,
    earlier_row_id as prior_row_id,
    other_form_row_id
from {{ ref('int_target_changes') }}
