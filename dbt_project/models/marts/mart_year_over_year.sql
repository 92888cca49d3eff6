-- What changed from the year before, measure by measure. The value of the year before is last year's own report where it
-- is there, else the column that this year's report gives it; `comparability_code` says whether the two years mean the same.
with measures as (
    select
        report_id,
        item_code as measure_code,
        phase_code,
        amount_year,
        amount_wanyuan as measure_value,
        '万元' as unit,
        row_ids
    from {{ ref('int_expenditures') }}
    where
        fund_source_code = 'all'
        and item_code <> 'basic_budget_adjustment'
        and phase_code in ('budget_initial', 'budget_final', 'budget', 'executed')
    union all by name
    select
        staffing.report_id,
        'in_post_count' as measure_code,
        staffing.fiscal_year as amount_year,
        staffing.in_post_count as measure_value,
        '人' as unit,
        [coalesce(staffing.table_row_id, staffing.narrative_row_id)] as row_ids
    from {{ ref('mart_staffing') }} as staffing
    where staffing.in_post_count is not null
    union all by name
    select
        evaluations.report_id,
        'total_score_points' as measure_code,
        reports.fiscal_year as amount_year,
        evaluations.total_score_points as measure_value,
        '分' as unit,
        [evaluations.row_id] as row_ids
    from {{ ref('stg_evaluations') }} as evaluations
    inner join {{ ref('int_reports') }} as reports
        on evaluations.report_id = reports.report_id
    where evaluations.form_kind = 'department_evaluation' and evaluations.total_score_points is not null
    qualify row_number() over (partition by evaluations.report_id order by evaluations.row_id) = 1
),

placed as (
    select
        measures.*,
        coalesce(measures.phase_code, '') as phase_key,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        reports.scope_code
    from measures
    inner join {{ ref('int_reports') }} as reports
        on measures.report_id = reports.report_id
    where reports.is_preferred
),

paired as (
    select
        own.report_id,
        own.city_code,
        own.department_id,
        own.department_name,
        own.fiscal_year,
        own.measure_code,
        own.phase_code,
        own.unit,
        own.measure_value,
        stated.measure_value as prior_stated_value,
        reported.measure_value as prior_reported_value,
        coalesce(reported.measure_value, stated.measure_value) as prior_value,
        own.scope_code,
        reported.scope_code as prior_scope_code,
        own.row_ids,
        if(reported.report_id is null, stated.row_ids, reported.row_ids) as prior_row_ids
    from placed as own
    left join placed as stated
        on
            own.report_id = stated.report_id
            and own.measure_code = stated.measure_code
            and own.phase_key = stated.phase_key
            and own.amount_year = stated.amount_year + 1
    left join placed as reported
        on
            own.city_code is not distinct from reported.city_code
            and own.department_id = reported.department_id
            and own.fiscal_year = reported.fiscal_year + 1
            and own.measure_code = reported.measure_code
            and own.phase_key = reported.phase_key
            and reported.amount_year = reported.fiscal_year
    where own.amount_year = own.fiscal_year
)

select
    paired.report_id,
    paired.city_code,
    paired.department_id,
    paired.department_name,
    paired.fiscal_year,
    paired.measure_code,
    paired.phase_code,
    paired.unit,
    cast(paired.measure_value as decimal(18, 6)) as measure_value,
    cast(paired.prior_stated_value as decimal(18, 6)) as prior_stated_value,
    cast(paired.prior_reported_value as decimal(18, 6)) as prior_reported_value,
    cast(paired.measure_value - paired.prior_value as decimal(18, 6)) as change_value,
    {{ percentage('(paired.measure_value - paired.prior_value)', 'paired.prior_value') }} as change_pct,
    case
        when
            paired.fiscal_year = 2022
            and paired.measure_code in (
                'three_public', 'vehicles', 'vehicle_purchase', 'vehicle_operation', 'abroad', 'reception'
            )
            then 'series_break'
        when paired.prior_scope_code <> paired.scope_code then 'scope_change'
        when abs(paired.prior_stated_value - paired.prior_reported_value) > 0.005 then 'restated'
        else 'comparable'
    end as comparability_code,
    {{ is_contradicted('paired.row_ids') }} as has_open_fail,
    paired.row_ids as figure_row_ids,
    paired.prior_row_ids as prior_figure_row_ids
from paired
left join {{ ref('int_failed_figures') }} as failed
    on paired.report_id = failed.report_id
where paired.prior_value is not null
