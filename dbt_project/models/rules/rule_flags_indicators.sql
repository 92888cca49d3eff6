-- R05, R06, R16 and R17: scores and targets of indicators that audit practice knows as warning signs.
with indicators as (
    select
        scores.*,
        reasons.deviation_reason
    from {{ ref('int_indicator_scores') }} as scores
    inner join {{ ref('stg_indicators') }} as reasons
        on scores.row_id = reasons.row_id
),

by_form as (
    select
        report_id,
        form_id,
        count(*) as indicators_count,
        sum(weight_points) as weight_points,
        bool_and(score_points = weight_points) as is_all_full,
        list(row_id order by row_id) as row_ids
    from indicators
    where weight_points > 0 and score_points is not null
    group by report_id, form_id
    having count(*) >= 5
),

surveys as (
    select
        report_id,
        bool_or(regexp_matches(concat_ws(' ', heading, text), '问卷|调查|测评|评议|回访')) as has_survey
    from {{ ref('stg_narratives') }}
    group by report_id
),

targets as (
    select * from {{ ref('int_target_changes') }}
)

select
    'R05.all_full' as check_id,
    report_id,
    form_id,
    'score_points' as subject,
    null as subject_zh,
    null as subject_en,
    indicators_count as stated_value,
    weight_points as computed_value,
    '项' as unit,
    if(is_all_full, 'flag', 'ok') as outcome,
    row_ids as left_row_ids,
    row_ids as right_row_ids
from by_form
union all by name
select
    'R06.easier' as check_id,
    report_id,
    form_id,
    indicator_name as subject,
    target_value as stated_value,
    earlier_actual_value as computed_value,
    target_unit as unit,
    if(
        is_easier_than_earlier_actual and abs(target_value - earlier_actual_value) > 0.05 * abs(earlier_actual_value),
        'flag', 'ok'
    ) as outcome,
    [row_id] as left_row_ids,
    [earlier_row_id] as right_row_ids
from targets
where is_easier_than_earlier_actual is not null
union all by name
select
    'R16.perfect_satisfaction' as check_id,
    indicators.report_id,
    indicators.form_id,
    indicators.indicator_name as subject,
    indicators.actual_value as stated_value,
    '%' as unit,
    if(
        indicators.actual_value = 100
        and coalesce(indicators.actual_unit, '%') = '%'
        and not coalesce(surveys.has_survey, false),
        'flag', 'ok'
    ) as outcome,
    [indicators.row_id] as left_row_ids,
    [indicators.row_id] as right_row_ids
from indicators
left join surveys
    on indicators.report_id = surveys.report_id
where indicators.level1_code = 'satisfaction' and indicators.actual_value is not null
union all by name
select
    'R17.unexplained_miss' as check_id,
    report_id,
    form_id,
    indicator_name as subject,
    actual_value as stated_value,
    target_value as computed_value,
    coalesce(actual_unit, target_unit) as unit,
    if(ratio < 1 and {{ is_empty_text('deviation_reason') }}, 'flag', 'ok') as outcome,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from indicators
where ratio is not null
