-- Amounts of published final accounts in force, by the document they stand in; none of them is an actual of a report. Of
-- several documents of one department, year and scope the last one counts.
with source as (
    select * from {{ source('facts', 'final_accounts') }}
),

held as (
    select distinct report_id from source
),

documents as (
    select
        reports.report_id,
        reports.city_code,
        reports.department_id,
        reports.fiscal_year,
        reports.first_seen_at,
        {{ scope_of('reports.title_zh', 'reports.department_name') }} as scope_code
    from {{ source('facts', 'reports') }} as reports
    inner join held
        on reports.report_id = held.report_id
    where reports.is_current and reports.department_id is not null and reports.fiscal_year is not null
),

versions as (
    select
        *,
        row_number() over (
            partition by city_code, department_id, fiscal_year, scope_code
            order by first_seen_at desc, report_id asc
        ) as version_number
    from documents
),

renamed as (
    select
        source.row_id,
        source.report_id,
        source.form_id,
        versions.city_code,
        versions.department_id,
        versions.fiscal_year,
        versions.scope_code,
        source.item_code,
        source.fund_source_code,
        source.phase_code,
        source.amount_year,
        source.amount_wanyuan
    from source
    inner join versions
        on source.report_id = versions.report_id
    where versions.version_number = 1
)

select * from renamed
