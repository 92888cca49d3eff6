with source as (
    select * from {{ source('facts', 'fact_personnel') }}
),

renamed as (
    select
        row_id,
        report_id,
        form_id,
        form_kind,
        staffing_quota_count,
        in_post_count,
        control_rate_reported_pct,
        quota_cut_count
    from source
    where report_id in (select current_reports.report_id from {{ ref('stg_reports') }} as current_reports)
)

select * from renamed
