-- Forms of reports in force; what figures of final accounts were read from is none.
with source as (
    select * from {{ source('facts', 'forms') }}
),

renamed as (
    select
        source.form_id,
        report_sets.lead_report_id as report_id,
        source.form_kind,
        source.project_name,
        source.form_number,
        source.attachment_number,
        source.title_zh,
        source.stated_year,
        source.template_id,
        source.is_off_template,
        source.figures_extracted_count,
        source.figures_accepted_count,
        source.figures_quarantined_count,
        source.figures_unmapped_count
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
    where source.form_kind <> 'final_accounts'
)

select * from renamed
