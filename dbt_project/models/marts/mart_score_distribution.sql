-- How the scores of a city's departments and projects are distributed in a year, and how many of its departments are not
-- in the count. A total of more than 100 points is on another scale (forms whose weights add up to 110): counted, not averaged.
with departments as (
    select
        city_code,
        count(distinct department_id) as departments_count
    from {{ ref('int_departments') }}
    group by city_code
),

scores as (
    select
        reports.city_code,
        reports.fiscal_year,
        reports.department_id,
        evaluations.form_kind,
        if(evaluations.total_score_points > 100, null, evaluations.total_score_points) as total_score_points,
        {{ is_contradicted('[evaluations.row_id]') }} as is_contradicted,
        evaluations.row_id
    from {{ ref('stg_evaluations') }} as evaluations
    inner join {{ ref('int_reports') }} as reports
        on evaluations.report_id = reports.report_id
    left join {{ ref('int_failed_figures') }} as failed
        on evaluations.report_id = failed.report_id
    where
        reports.is_preferred
        and evaluations.form_kind in ('department_evaluation', 'project_evaluation')
        and evaluations.total_score_points is not null
)

select
    scores.city_code,
    scores.fiscal_year,
    scores.form_kind,
    cast(count(scores.total_score_points) as integer) as scores_count,
    cast(count(*) - count(scores.total_score_points) as integer) as off_scale_scores_count,
    cast(count(distinct scores.department_id) as integer) as scored_departments_count,
    cast(coalesce(departments.departments_count, 0) - count(distinct scores.department_id) as integer)
        as missing_departments_count,
    cast(round(avg(scores.total_score_points), 4) as decimal(18, 6)) as mean_score_points,
    cast(round(quantile_cont(scores.total_score_points, 0.5), 4) as decimal(18, 6)) as median_score_points,
    min(scores.total_score_points) as lowest_score_points,
    max(scores.total_score_points) as highest_score_points,
    {{ percentage(
        'count(*) filter (where scores.total_score_points >= 99)', 'count(scores.total_score_points)'
    ) }} as share_from_99_pct,
    {{ percentage(
        'count(*) filter (where scores.total_score_points = 100)', 'count(scores.total_score_points)'
    ) }} as share_of_100_pct,
    {{ percentage(
        'count(*) filter (where scores.total_score_points >= 90)', 'count(scores.total_score_points)'
    ) }} as share_excellent_pct,
    cast(count(*) filter (where scores.is_contradicted) as integer) as contradicted_scores_count,
    list(scores.row_id order by scores.row_id) as figure_row_ids
from scores
left join departments
    on scores.city_code is not distinct from departments.city_code
group by scores.city_code, scores.fiscal_year, scores.form_kind, departments.departments_count
