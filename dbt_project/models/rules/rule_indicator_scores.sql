-- F11.bounds: a score lies between 0 and its weight. F12: it follows target and actual value in the target's direction,
-- and a target exceeded by half is worth a look.
with expected as (
    select * from {{ ref('int_indicator_scores') }}
),

bounded as (
    select
        report_id,
        form_id,
        row_id,
        indicator_name as subject,
        weight_points + coalesce(shared_weight_points, 0) as weight_points,
        score_points
    from {{ ref('stg_indicators') }}
    union all
    select
        report_id,
        form_id,
        row_id,
        '执行率' as subject,
        execution_weight_points as weight_points,
        execution_score_points as score_points
    from {{ ref('stg_evaluations') }}
)

select
    'F11.bounds' as check_id,
    report_id,
    form_id,
    subject,
    score_points as stated_value,
    weight_points as computed_value,
    '分' as unit,
    if(score_points between 0 and weight_points, 'ok', 'fail') as outcome,
    null as reason,
    0 as tolerance,
    '' as detail_zh,
    '' as detail_en,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from bounded
where score_points is not null and weight_points is not null
union all
select
    'F12.ratio' as check_id,
    report_id,
    form_id,
    indicator_name as subject,
    score_points as stated_value,
    {{ as_printed('exact_score', 'score_decimals') }} as computed_value,
    '分' as unit,
    case
        when exact_score is null then 'not_applicable'
        when abs(score_points - exact_score) <= {{ half_unit('score_decimals') }} then 'ok'
        when score_points > exact_score and score_points >= weight_points then 'fail'
        else 'flag'
    end as outcome,
    if(exact_score is null, 'not_comparable', null) as reason,
    {{ half_unit('score_decimals') }} as tolerance,
    '（指标值' || target_raw || '，实际完成值' || actual_raw || '，分值'
    || {{ spelled('weight_points', "'分'") }} || '）' as detail_zh,
    '(target ' || target_raw || ', actual ' || actual_raw || ', weight '
    || {{ spelled('weight_points', "'分'") }} || ')' as detail_en,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from expected
where score_points is not null and weight_points > 0
union all
select
    'F12.overachieved' as check_id,
    report_id,
    form_id,
    indicator_name as subject,
    actual_value as stated_value,
    target_value as computed_value,
    coalesce(actual_unit, target_unit) as unit,
    if(ratio > 1.5 and score_points >= weight_points and exact_score is not null, 'flag', 'ok') as outcome,
    null as reason,
    null as tolerance,
    '' as detail_zh,
    '' as detail_en,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from expected
where direction_code = 'reach' and ratio is not null
