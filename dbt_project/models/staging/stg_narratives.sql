with source as (
    select * from {{ source('facts', 'fact_narratives') }}
),

renamed as (
    select
        row_id,
        report_id,
        form_id,
        form_kind,
        section_code,
        section_number,
        heading,
        text,
        line_number
    from source
    where report_id in (select current_reports.report_id from {{ ref('stg_reports') }} as current_reports)
)

select * from renamed
