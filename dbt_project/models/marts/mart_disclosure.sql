-- Who published what for which year, and who did not: every department of a city that reports were read of or that the
-- reference table knows, in every year that the city has reports of.
with years as (
    select distinct
        city_code,
        fiscal_year
    from {{ ref('int_reports') }}
    where fiscal_year is not null
),

departments as (
    select
        city_code,
        department_id,
        department_name
    from {{ ref('int_departments') }}
),

cities as (
    select
        city_code,
        any_value(city_name) as city_name
    from {{ ref('int_reports') }}
    group by city_code
),

projects as (
    select
        report_id,
        count(*) as projects_count
    from {{ ref('stg_forms') }}
    where form_kind = 'project_evaluation'
    group by report_id
)

select
    departments.city_code,
    cities.city_name,
    departments.department_id,
    departments.department_name,
    years.fiscal_year,
    if(reports.report_id is null, 'missing', 'disclosed') as disclosure_code,
    reports.report_id,
    reports.file_name,
    reports.media_type,
    reports.first_seen_at,
    cast(coalesce(len(reports.file_report_ids), 0) as integer) as files_count,
    coalesce(reports.versions_count, 0) as versions_count,
    coalesce(list_contains(reports.form_kinds, 'narrative'), false) as has_narrative,
    coalesce(list_contains(reports.form_kinds, 'base_data'), false) as has_base_data,
    coalesce(list_contains(reports.form_kinds, 'department_evaluation'), false) as has_department_evaluation,
    cast(coalesce(projects.projects_count, 0) as integer) as projects_count
from departments
inner join years
    on departments.city_code is not distinct from years.city_code
inner join cities
    on departments.city_code is not distinct from cities.city_code
left join {{ ref('int_reports') }} as reports
    on
        departments.city_code is not distinct from reports.city_code
        and departments.department_id = reports.department_id
        and years.fiscal_year = reports.fiscal_year
        and reports.is_preferred
left join projects
    on reports.report_id = projects.report_id
