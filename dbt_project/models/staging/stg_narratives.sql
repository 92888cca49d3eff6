with source as (
    select * from {{ source('facts', 'fact_narratives') }}
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.form_kind,
        source.section_code,
        source.section_number,
        source.heading,
        source.text,
        source.line_number
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
)

select * from renamed
