with source as (
    select * from {{ source('facts', 'fact_changes') }}
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.form_kind,
        source.item_code,
        source.fund_source_code,
        source.phase_code,
        source.amount_year,
        source.change_basis_code,
        source.change_wanyuan,
        source.change_pct
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
)

select * from renamed
