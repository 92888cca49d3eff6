-- Amounts that a form has a place for and that are not in the facts: absent, or held in quarantine.
with absences as (
    select * from {{ source('facts', 'absent_values') }}
),

quarantined as (
    select * from {{ source('facts', 'quarantine') }}
),

renamed as (
    select
        row_id,
        report_id,
        form_id,
        form_kind,
        project_name,
        item_code,
        fund_source_code,
        phase_code,
        amount_year,
        absence_code
    from absences
    where table_name = 'fact_expenditures' and absence_code in ('blank', 'masked', 'unreadable', 'none', 'dash')
    union all
    select
        row_id,
        report_id,
        form_id,
        form_kind,
        project_name,
        json_extract_string(record, '$.item_code') as item_code,
        json_extract_string(record, '$.fund_source_code') as fund_source_code,
        json_extract_string(record, '$.phase_code') as phase_code,
        cast(json_extract_string(record, '$.amount_year') as integer) as amount_year,
        'unreadable' as absence_code
    from quarantined
    where table_name = 'fact_expenditures' and record is not null and state = 'open'
)

select
    renamed.row_id,
    report_sets.lead_report_id as report_id,
    renamed.form_id,
    renamed.form_kind,
    renamed.project_name,
    renamed.item_code,
    renamed.fund_source_code,
    renamed.phase_code,
    renamed.amount_year,
    renamed.absence_code
from renamed
inner join {{ ref('stg_report_sets') }} as report_sets
    on renamed.report_id = report_sets.report_id
