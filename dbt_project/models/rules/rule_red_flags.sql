-- R01 to R04: points that nothing measurable stands behind. Not contradictions, but known signs of an inflated score.
with indicators as (
    select
        *,
        {{ is_empty_text('indicator_name') }} as is_nameless,
        {{ is_empty_text('target_raw') }} as is_untargeted,
        coalesce(score_points, 0) > 0 as is_scored
    from {{ ref('stg_indicators') }}
),

judged as (
    select
        indicators.*,
        levels.zh as level1_zh,
        levels.en as level1_en,
        indicators.is_nameless and indicators.is_scored as is_r01,
        indicators.level1_code = 'satisfaction' and indicators.is_scored and indicators.actual_value is null as is_r03
    from indicators
    left join {{ source('catalogue', 'codes') }} as levels
        on levels.vocabulary = 'level1' and indicators.level1_code = levels.code
),

by_form as (
    select
        report_id,
        form_id,
        bool_or(is_r01) as has_r01,
        bool_or(is_r03) as has_r03,
        bool_or(level1_code = 'satisfaction') as has_satisfaction,
        sum(weight_points) as weight_points,
        coalesce(sum(score_points) filter (where is_untargeted), 0) as untargeted_points,
        coalesce(list(row_id order by row_id) filter (where is_untargeted and is_scored), []) as untargeted_row_ids,
        list(row_id order by row_id) as row_ids
    from judged
    group by report_id, form_id
),

admissions as (
    select
        report_id,
        row_id,
        regexp_extract(text, '[^，。；]*(不够具体|不够明确|不够细化|不够量化|量化程度|难以量化|未量化)[^，。；]*') as admission
    from {{ ref('stg_narratives') }}
    where section_code = 'problems'
),

problem_chapters as (
    select
        report_id,
        max(nullif(admission, '')) as admission,
        list(row_id order by row_id) as row_ids
    from admissions
    group by report_id
)

select
    'R01.nameless' as check_id,
    report_id,
    form_id,
    level1_code as subject,
    level1_zh as subject_zh,
    level1_en as subject_en,
    score_points as stated_value,
    weight_points as computed_value,
    '分' as unit,
    'flag' as outcome,
    '' as detail_zh,
    '' as detail_en,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from judged
where is_r01
union all
select
    'R03.satisfaction' as check_id,
    report_id,
    form_id,
    indicator_name as subject,
    indicator_name as subject_zh,
    indicator_name as subject_en,
    score_points as stated_value,
    weight_points as computed_value,
    '分' as unit,
    'flag' as outcome,
    coalesce(actual_raw, '') as detail_zh,
    coalesce(actual_raw, '') as detail_en,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from judged
where is_r03
union all by name
select
    'R01.nameless' as check_id,
    report_id,
    form_id,
    'ok' as outcome
from by_form
where not has_r01
union all by name
select
    'R03.satisfaction' as check_id,
    report_id,
    form_id,
    'ok' as outcome
from by_form
where has_satisfaction and not has_r03
union all by name
select
    'R02.untargeted' as check_id,
    report_id,
    form_id,
    'score_points' as subject,
    untargeted_points as stated_value,
    weight_points as computed_value,
    '分' as unit,
    if(untargeted_points > 0, 'flag', 'ok') as outcome,
    untargeted_row_ids as left_row_ids,
    row_ids as right_row_ids
from by_form
union all by name
select
    'R04.admitted' as check_id,
    evaluations.report_id,
    evaluations.form_id,
    'total_score_points' as subject,
    evaluations.total_score_points as stated_value,
    '分' as unit,
    if(evaluations.total_score_points >= 99 and problem_chapters.admission is not null, 'flag', 'ok') as outcome,
    problem_chapters.admission as detail_zh,
    problem_chapters.admission as detail_en,
    [evaluations.row_id] as left_row_ids,
    problem_chapters.row_ids as right_row_ids
from {{ ref('stg_evaluations') }} as evaluations
inner join problem_chapters
    on evaluations.report_id = problem_chapters.report_id
where evaluations.total_score_points is not null
