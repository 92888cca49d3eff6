-- Every report with facts in force: one row for the files that make it, under the id of the first of them.
with source as (
    select * from {{ source('facts', 'reports') }}
),

sets as (
    select * from {{ ref('stg_report_sets') }}
),

members as (
    select
        lead_report_id,
        list(report_id order by report_id <> lead_report_id, report_id) as file_report_ids
    from sets
    group by lead_report_id
),

renamed as (
    select
        source.report_id,
        members.file_report_ids,
        source.file_name,
        source.city_code,
        source.city_name,
        source.department_id,
        source.department_name,
        source.fiscal_year,
        source.folder_year,
        source.stated_year,
        source.title_zh,
        source.sha256,
        source.media_type,
        source.document_kind,
        source.first_seen_at,
        source.outcome as report_outcome
    from source
    inner join members
        on source.report_id = members.lead_report_id
)

select * from renamed
