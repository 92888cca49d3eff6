-- What each indicator measures: whether it has a name, a target and a measured value, and the points given for it.
select
    indicators.row_id,
    indicators.report_id,
    indicators.form_id,
    indicators.form_kind,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    indicators.project_name,
    indicators.indicator_number,
    indicators.level1_code,
    indicators.indicator_name,
    indicators.target_raw,
    case
        when {{ is_empty_text('indicators.target_raw') }} then 'missing'
        when indicators.target_value is not null then 'numeric'
        else 'qualitative'
    end as target_type,
    {{ is_empty_text('indicators.target_raw') }} as is_blank_target,
    not {{ is_empty_text('indicators.indicator_name') }} as has_content_name,
    indicators.actual_raw,
    indicators.actual_value is not null as is_measured,
    indicators.weight_points,
    indicators.score_points,
    cast(if({{ is_empty_text('indicators.target_raw') }}, coalesce(indicators.score_points, 0), 0) as decimal(18, 6))
        as points_without_target
from {{ ref('stg_indicators') }} as indicators
inner join {{ ref('int_reports') }} as reports
    on indicators.report_id = reports.report_id
