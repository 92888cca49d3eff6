with source as (
    select * from {{ source('facts', 'reports') }}
),

renamed as (
    select
        report_id,
        file_name,
        city_code,
        city_name,
        department_id,
        department_name,
        fiscal_year,
        folder_year,
        stated_year,
        title_zh,
        outcome as report_outcome
    from source
    where is_current and outcome <> 'rejected'
)

select * from renamed
