-- Departments that reports were read of or that the reference table knows: name, line and level, and who supervises them.
-- A department that the table does not know has the line that the words of its name say for certain, and its city's level.
with seen as (
    select
        city_code,
        department_id,
        arg_max(department_name, fiscal_year) as department_name,
        list(distinct department_name order by department_name) as names_seen,
        min(fiscal_year) as first_fiscal_year,
        max(fiscal_year) as last_fiscal_year,
        cast(count(*) filter (where is_preferred) as integer) as years_count
    from {{ ref('int_reports') }}
    where department_id is not null
    group by city_code, department_id
),

known as (
    select
        departments.department_id,
        cities.city_code,
        departments.name_zh,
        departments.line_code,
        departments.level_code,
        departments.supervising_department_id
    from {{ source('reference', 'departments') }} as departments
    inner join {{ source('reference', 'cities') }} as cities
        on departments.city_slug = cities.slug
),

joined as (
    select
        coalesce(seen.city_code, known.city_code) as city_code,
        coalesce(seen.department_id, known.department_id) as department_id,
        coalesce(known.name_zh, seen.department_name) as department_name,
        coalesce(seen.names_seen, []) as names_seen,
        known.line_code,
        known.level_code,
        known.supervising_department_id,
        seen.first_fiscal_year,
        seen.last_fiscal_year,
        coalesce(seen.years_count, 0) as years_count,
        known.department_id is not null as is_in_reference
    from seen
    full join known
        on seen.department_id = known.department_id and seen.city_code is not distinct from known.city_code
),

lines_by_name as (
    select
        joined.city_code,
        joined.department_id,
        min(work_lines.line_code) as line_code
    from joined
    inner join {{ source('reference', 'lines') }} as work_lines
        on regexp_matches(joined.department_name, work_lines.patterns)
    group by joined.city_code, joined.department_id
    having count(*) = 1
)

select
    joined.city_code,
    joined.department_id,
    joined.department_name,
    joined.names_seen,
    coalesce(joined.line_code, lines_by_name.line_code) as line_code,
    coalesce(joined.level_code, cities.level_code) as level_code,
    joined.supervising_department_id,
    joined.first_fiscal_year,
    joined.last_fiscal_year,
    joined.years_count,
    joined.is_in_reference
from joined
left join lines_by_name
    on joined.city_code is not distinct from lines_by_name.city_code and joined.department_id = lines_by_name.department_id
left join {{ source('reference', 'cities') }} as cities
    on joined.city_code = cities.city_code
