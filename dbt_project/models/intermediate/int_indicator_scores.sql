-- What target and actual value of each indicator are worth in points. A bare number is a target to reach, except for
-- cost, where the direction is not certain. `ratio` is how much of the target was met, above 1 where a target to reach was
-- passed. A score that several indicators share has no exact value for one of them.
with indicators as (
    select
        indicators.*,
        coalesce(decimals.decimals, 2) as score_decimals,
        case
            when indicators.target_operator in ('ge', 'gt', 'eq') then 'reach'
            when indicators.target_operator = 'bare' and indicators.level1_code <> 'cost' then 'reach'
            when indicators.target_operator in ('le', 'lt') then 'stay_below'
        end as direction_code,
        {{ are_comparable(
            'indicators.target_value', 'indicators.target_unit', 'indicators.actual_value', 'indicators.actual_unit', 'indicators.indicator_name'
        ) }} as is_comparable
    from {{ ref('stg_indicators') }} as indicators
    left join {{ ref('stg_printed_decimals') }} as decimals
        on indicators.row_id = decimals.row_id and decimals.field_name = 'score_points'
),

ratios as (
    select
        *,
        case
            when not is_comparable or direction_code is null then null
            when direction_code = 'reach' then {{ exact_ratio('actual_value', 'target_value') }}
            when actual_value <= target_value then 1
            else {{ exact_ratio('target_value', 'actual_value') }}
        end as ratio
    from indicators
)

select
    row_id,
    report_id,
    form_id,
    form_kind,
    project_name,
    indicator_number,
    level1_code,
    indicator_name,
    target_raw,
    target_operator,
    target_value,
    target_unit,
    actual_raw,
    actual_value,
    actual_unit,
    weight_points,
    score_points,
    score_decimals,
    direction_code,
    ratio,
    if(is_score_shared, null, cast(weight_points * if(ratio > 1, 1, ratio) as decimal(28, 10))) as exact_score
from ratios
