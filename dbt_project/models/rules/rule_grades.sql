-- F14: the printed grade against the bands 90/80/60 of the printed total score.
with grades as (
    select
        *,
        case
            when regexp_matches(grade_reported, '^优') then 90
            when regexp_matches(grade_reported, '^良') then 80
            when regexp_matches(grade_reported, '^(中|合格|一般)') then 60
            when regexp_matches(grade_reported, '^(差|不合格)') then 0
        end as grade_from_points,
        case
            when total_score_points >= 90 then 90
            when total_score_points >= 80 then 80
            when total_score_points >= 60 then 60
            else 0
        end as score_from_points
    from {{ ref('stg_evaluations') }}
    where grade_reported is not null
)

select
    'F14.grade' as check_id,
    report_id,
    form_id,
    'grade_reported' as subject,
    total_score_points as stated_value,
    if(total_score_points is null, null, score_from_points) as computed_value,
    '分' as unit,
    case
        when total_score_points is null or grade_from_points is null then 'not_applicable'
        when grade_from_points = score_from_points then 'ok'
        else 'fail'
    end as outcome,
    if(total_score_points is null or grade_from_points is null, 'no_figures', null) as reason,
    null as tolerance,
    grade_reported as detail_zh,
    grade_reported as detail_en,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from grades
