with source as (
    select * from {{ source('facts', 'fact_evaluations') }}
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.form_kind,
        source.item_code,
        source.fund_source_code,
        source.execution_rate_reported_pct,
        source.execution_rate_basis_code,
        source.execution_weight_points,
        source.execution_score_points,
        source.total_weight_points,
        source.total_score_points,
        source.grade_reported
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
)

select * from renamed
