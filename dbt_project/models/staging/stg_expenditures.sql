with source as (
    select * from {{ source('facts', 'fact_expenditures') }}
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.form_kind,
        source.project_name,
        source.fiscal_year,
        source.item_code,
        source.fund_source_code,
        source.phase_code,
        source.amount_year,
        source.amount_wanyuan,
        source.column_label_zh
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
)

select * from renamed
