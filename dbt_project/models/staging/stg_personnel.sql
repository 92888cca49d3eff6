with source as (
    select * from {{ source('facts', 'fact_personnel') }}
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.form_kind,
        source.staffing_quota_count,
        source.in_post_count,
        source.control_rate_reported_pct,
        source.quota_cut_count,
        source.retirees_count,
        source.total_staff_count
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
)

select * from renamed
