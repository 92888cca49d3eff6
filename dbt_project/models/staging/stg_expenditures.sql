with source as (
    select * from {{ source('facts', 'fact_expenditures') }}
),

renamed as (
    select
        row_id,
        report_id,
        form_id,
        form_kind,
        project_name,
        fiscal_year,
        item_code,
        fund_source_code,
        phase_code,
        amount_year,
        amount_wanyuan,
        column_label_zh
    from source
    where report_id in (select current_reports.report_id from {{ ref('stg_reports') }} as current_reports)
)

select * from renamed
