-- Staff and quota of a department: table and narrative side by side, the printed control rate and the one that the
-- figures give.
with tables as (
    select * from {{ ref('stg_personnel') }}
    where form_kind = 'base_data'
    qualify row_number() over (partition by report_id order by form_id, row_id) = 1
),

narratives as (
    select * from {{ ref('stg_personnel') }}
    where form_kind = 'narrative'
    qualify row_number() over (partition by report_id order by form_id, row_id) = 1
),

staff as (
    select
        coalesce(tables.report_id, narratives.report_id) as report_id,
        coalesce(tables.staffing_quota_count, narratives.staffing_quota_count) as staffing_quota_count,
        coalesce(tables.in_post_count, narratives.in_post_count) as in_post_count,
        narratives.staffing_quota_count as narrative_quota_count,
        narratives.quota_cut_count,
        tables.control_rate_reported_pct,
        tables.row_id as table_row_id,
        narratives.row_id as narrative_row_id
    from tables
    full join narratives
        on tables.report_id = narratives.report_id
),

cuts as (
    select
        report_id,
        computed_value
    from {{ ref('rule_control_rates') }}
    where check_id = 'F18.quota_cut'
    qualify row_number() over (partition by report_id order by form_id) = 1
)

select
    staff.report_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    staff.staffing_quota_count,
    staff.in_post_count,
    staff.narrative_quota_count,
    staff.quota_cut_count,
    staff.control_rate_reported_pct,
    {{ percentage('staff.in_post_count', 'staff.staffing_quota_count') }}
        as control_rate_calculated_pct,
    cuts.computed_value as control_rate_after_cut_pct,
    case
        when cuts.report_id is not null then 'deferred'
        when staff.in_post_count > staff.staffing_quota_count then 'flag'
        when staff.in_post_count is null or staff.staffing_quota_count is null then 'not_applicable'
        else 'ok'
    end as outcome,
    {{ is_contradicted('[staff.table_row_id, staff.narrative_row_id]') }} as has_open_fail,
    staff.table_row_id,
    staff.narrative_row_id
from staff
inner join {{ ref('int_reports') }} as reports
    on staff.report_id = reports.report_id
left join cuts
    on staff.report_id = cuts.report_id
left join {{ ref('int_failed_figures') }} as failed
    on staff.report_id = failed.report_id
