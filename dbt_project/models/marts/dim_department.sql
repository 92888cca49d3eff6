-- Departments: one row each, whatever its reports call it, with line and level for peer groups.
select
    departments.city_code,
    departments.department_id,
    departments.department_name,
    departments.names_seen,
    departments.line_code,
    work_lines.name_zh as line_name,
    departments.level_code,
    departments.supervising_department_id,
    departments.first_fiscal_year,
    departments.last_fiscal_year,
    departments.years_count,
    departments.is_in_reference
from {{ ref('int_departments') }} as departments
left join {{ source('reference', 'lines') }} as work_lines
    on departments.line_code = work_lines.line_code
