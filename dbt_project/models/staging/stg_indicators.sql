with source as (
    select * from {{ source('facts', 'fact_indicators') }}
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.form_kind,
        source.project_name,
        source.indicator_number,
        source.level1_code,
        source.level1_band_points,
        source.indicator_name,
        source.target_raw,
        source.target_operator,
        source.target_value,
        source.target_unit,
        source.target_absence_code,
        source.actual_raw,
        source.actual_operator,
        source.actual_value,
        source.actual_unit,
        source.weight_points,
        source.score_points,
        source.deviation_reason
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
)

select * from renamed
