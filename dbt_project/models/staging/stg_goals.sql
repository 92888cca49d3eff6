with source as (
    select * from {{ source('facts', 'fact_goals') }}
),

renamed as (
    select
        row_id,
        report_id,
        form_id,
        goal_side_code,
        quantity_raw,
        quantity_value,
        quantity_unit,
        quantity_object
    from source
    where report_id in (select current_reports.report_id from {{ ref('stg_reports') }} as current_reports)
)

select * from renamed
