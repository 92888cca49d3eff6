-- Every department beside its peers of the year: those of its city, and those of its line and level in every city. The
-- robust z-score counts distances from the median in median absolute deviations (0.6745 of one is a standard deviation of
-- normal data), so that one outlier moves nobody else. A figure under an open contradiction is ranked with its mark.
with measures as (
    select
        report_id,
        'three_public_per_head' as measure_code,
        '万元/人' as unit,
        per_head_wanyuan as measure_value,
        has_open_fail
    from {{ ref('mart_three_public_per_head') }}
    union all
    select
        report_id,
        'personnel_per_head' as measure_code,
        '万元/人' as unit,
        personnel_per_head_wanyuan as measure_value,
        has_open_fail
    from {{ ref('mart_cost_per_head') }}
    union all
    select
        report_id,
        'public_per_head' as measure_code,
        '万元/人' as unit,
        public_per_head_wanyuan as measure_value,
        has_open_fail
    from {{ ref('mart_cost_per_head') }}
    union all
    select
        report_id,
        'control_rate' as measure_code,
        '%' as unit,
        control_rate_calculated_pct as measure_value,
        has_open_fail or outcome = 'deferred' as has_open_fail
    from {{ ref('mart_staffing') }}
    union all
    select
        report_id,
        'total_execution_rate' as measure_code,
        '%' as unit,
        execution_rate_calculated_pct as measure_value,
        has_open_fail
    from {{ ref('mart_execution') }}
    where is_preferred and item_code = 'total'
    union all
    select
        report_id,
        'total_budget_change' as measure_code,
        '%' as unit,
        change_pct as measure_value,
        has_open_fail
    from {{ ref('mart_budget_adjustments') }}
    where item_code = 'total'
    union all
    select
        evaluations.report_id,
        'department_score' as measure_code,
        '分' as unit,
        evaluations.total_score_points as measure_value,
        {{ is_contradicted('[evaluations.row_id]') }} as has_open_fail
    from {{ ref('stg_evaluations') }} as evaluations
    left join {{ ref('int_failed_figures') }} as failed
        on evaluations.report_id = failed.report_id
    where evaluations.form_kind = 'department_evaluation'
    qualify row_number() over (
        partition by evaluations.report_id order by evaluations.total_score_points is null, evaluations.row_id
    ) = 1
),

placed as (
    select
        measures.report_id,
        measures.measure_code,
        measures.unit,
        measures.measure_value,
        measures.has_open_fail,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        departments.line_code,
        departments.level_code
    from measures
    inner join {{ ref('int_reports') }} as reports
        on measures.report_id = reports.report_id
    inner join {{ ref('int_departments') }} as departments
        on reports.city_code is not distinct from departments.city_code and reports.department_id = departments.department_id
    where reports.is_preferred and measures.measure_value is not null
),

grouped as (
    select
        *,
        'city' as peer_group_code,
        coalesce(city_code, '') as peer_group
    from placed
    union all
    select
        *,
        'line' as peer_group_code,
        concat_ws('/', line_code, level_code) as peer_group
    from placed
    where line_code is not null
),

group_sizes as (
    select
        'city' as peer_group_code,
        coalesce(city_code, '') as peer_group,
        count(*) as departments_count
    from {{ ref('int_departments') }}
    group by coalesce(city_code, '')
    union all
    select
        'line' as peer_group_code,
        concat_ws('/', line_code, level_code) as peer_group,
        count(*) as departments_count
    from {{ ref('int_departments') }}
    where line_code is not null
    group by concat_ws('/', line_code, level_code)
),

centred as (
    select
        *,
        count(*) over peers as peers_count,
        percent_rank() over (
            partition by peer_group_code, peer_group, fiscal_year, measure_code order by measure_value
        ) as percent_rank,
        median(cast(measure_value as double)) over peers as median_value
    from grouped
    window peers as (partition by peer_group_code, peer_group, fiscal_year, measure_code)
),

spread as (
    select
        *,
        median(abs(cast(measure_value as double) - median_value)) over (
            partition by peer_group_code, peer_group, fiscal_year, measure_code
        ) as deviation_value
    from centred
)

select
    spread.report_id,
    spread.city_code,
    spread.department_id,
    spread.department_name,
    spread.fiscal_year,
    spread.peer_group_code,
    spread.peer_group,
    spread.line_code,
    spread.level_code,
    spread.measure_code,
    spread.unit,
    spread.measure_value,
    cast(round(spread.median_value, 4) as decimal(18, 6)) as peer_median_value,
    cast(if(spread.peers_count > 1, round(spread.percent_rank * 100, 2), null) as decimal(18, 6)) as percentile_pct,
    cast(
        round(0.6745 * (cast(spread.measure_value as double) - spread.median_value) / nullif(spread.deviation_value, 0), 4)
        as decimal(18, 6)
    ) as robust_z_score,
    cast(spread.peers_count as integer) as peers_count,
    cast(group_sizes.departments_count - spread.peers_count as integer) as missing_departments_count,
    spread.has_open_fail
from spread
inner join group_sizes
    on spread.peer_group_code = group_sizes.peer_group_code and spread.peer_group = group_sizes.peer_group
