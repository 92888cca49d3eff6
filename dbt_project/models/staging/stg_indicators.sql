with source as (
    select * from {{ source('facts', 'fact_indicators') }}
),

renamed as (
    select
        row_id,
        report_id,
        form_id,
        form_kind,
        project_name,
        indicator_number,
        level1_code,
        level1_band_points,
        indicator_name,
        target_raw,
        target_operator,
        target_value,
        target_unit,
        target_absence_code,
        actual_raw,
        actual_operator,
        actual_value,
        actual_unit,
        weight_points,
        score_points
    from source
    where report_id in (select current_reports.report_id from {{ ref('stg_reports') }} as current_reports)
)

select * from renamed
