-- Projects followed across years by department and name.
select
    project_id,
    city_code,
    department_id,
    arg_max(project_name, fiscal_year) as project_name,
    min(fiscal_year) as first_fiscal_year,
    max(fiscal_year) as last_fiscal_year,
    cast(count(distinct fiscal_year) as integer) as years_count
from {{ ref('int_projects') }}
where project_id is not null
group by project_id, city_code, department_id
