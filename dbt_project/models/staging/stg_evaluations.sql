with source as (
    select * from {{ source('facts', 'fact_evaluations') }}
),

renamed as (
    select
        row_id,
        report_id,
        form_id,
        form_kind,
        item_code,
        fund_source_code,
        execution_rate_reported_pct,
        execution_weight_points,
        execution_score_points,
        total_weight_points,
        total_score_points,
        grade_reported
    from source
    where report_id in (select current_reports.report_id from {{ ref('stg_reports') }} as current_reports)
)

select * from renamed
