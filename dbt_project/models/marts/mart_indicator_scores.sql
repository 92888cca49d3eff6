-- Whether an indicator's score follows its target and actual value.
select
    scores.row_id,
    scores.report_id,
    scores.form_id,
    scores.form_kind,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    scores.project_name,
    scores.indicator_number,
    scores.level1_code,
    scores.indicator_name,
    scores.target_raw,
    scores.actual_raw,
    scores.direction_code,
    cast(round(scores.ratio * 100, 4) as decimal(18, 6)) as achievement_pct,
    scores.weight_points,
    scores.score_points,
    {{ as_printed('scores.exact_score', 'scores.score_decimals') }} as expected_score_points,
    cast(scores.score_points - {{ as_printed('scores.exact_score', 'scores.score_decimals') }} as decimal(18, 6))
        as score_gap_points,
    coalesce(scores.direction_code = 'reach' and scores.ratio > 1.5, false) as is_far_above_target,
    {{ is_contradicted('[scores.row_id]') }} as has_open_fail
from {{ ref('int_indicator_scores') }} as scores
inner join {{ ref('int_reports') }} as reports
    on scores.report_id = reports.report_id
left join {{ ref('int_failed_figures') }} as failed
    on scores.report_id = failed.report_id
