with source as (
    select * from {{ source('facts', 'fact_goals') }}
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.goal_side_code,
        source.quantity_raw,
        source.quantity_value,
        source.quantity_unit,
        source.quantity_object
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
)

select * from renamed
