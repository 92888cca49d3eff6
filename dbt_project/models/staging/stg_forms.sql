with source as (
    select * from {{ source('facts', 'forms') }}
),

renamed as (
    select
        form_id,
        report_id,
        form_kind,
        project_name,
        form_number,
        attachment_number,
        title_zh,
        stated_year
    from source
    where report_id in (select current_reports.report_id from {{ ref('stg_reports') }} as current_reports)
)

select * from renamed
