-- F09: the printed execution score beside weight × min(rate, 100 %), the rate taken from the amounts. F11.recomputed:
-- what the total score would be with the corrected execution score, told only where the correction changes it.
with scores as (
    select
        *,
        cast(execution_weight_points * if(execution_ratio > 1, 1, execution_ratio) as decimal(28, 10)) as exact_score
    from {{ ref('int_execution') }}
    where execution_weight_points is not null and execution_score_points is not null
),

judged as (
    select
        *,
        {{ as_printed('exact_score', 'score_decimals') }} as computed_score,
        {{ half_unit('score_decimals') }} as tolerance,
        case
            when executed_wanyuan is null or budget_final_wanyuan is null then 'not_applicable'
            when budget_final_wanyuan = 0 then 'deferred'
            when abs(execution_score_points - exact_score) <= {{ half_unit('score_decimals') }} then 'ok'
            else 'fail'
        end as outcome,
        list_concat(executed_row_ids, budget_final_row_ids) as amount_row_ids
    from scores
),

indicator_scores as (
    select
        form_id,
        sum(score_points) as score_points,
        list(row_id order by row_id) as row_ids
    from {{ ref('stg_indicators') }}
    where score_points is not null
    group by form_id
),

totals as (
    select
        judged.*,
        indicator_scores.score_points + judged.computed_score as computed_total,
        indicator_scores.row_ids as indicator_row_ids
    from judged
    inner join indicator_scores
        on judged.form_id = indicator_scores.form_id
    where judged.total_score_points is not null
)

select
    'F09.score' as check_id,
    report_id,
    form_id,
    subject,
    execution_score_points as stated_value,
    computed_score as computed_value,
    '分' as unit,
    outcome,
    case outcome when 'not_applicable' then 'no_figures' when 'deferred' then 'zero_budget' end as reason,
    tolerance,
    [evaluation_row_id] as left_row_ids,
    list_concat([evaluation_row_id], amount_row_ids) as right_row_ids
from judged
union all
select
    'F11.recomputed' as check_id,
    report_id,
    form_id,
    'total_score_points' as subject,
    total_score_points as stated_value,
    computed_total as computed_value,
    '分' as unit,
    case
        when outcome <> 'fail' then 'not_applicable'
        when abs(total_score_points - computed_total) <= 0.005 then 'ok'
        else 'fail'
    end as outcome,
    if(outcome <> 'fail', 'nothing_to_correct', null) as reason,
    0.005 as tolerance,
    [evaluation_row_id] as left_row_ids,
    list_concat(indicator_row_ids, amount_row_ids) as right_row_ids
from totals
