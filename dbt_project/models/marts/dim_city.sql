-- Cities that reports were read of, with level and province.
with seen as (
    select
        city_code,
        any_value(city_name) as city_name
    from {{ source('facts', 'reports') }}
    where city_code is not null
    group by city_code
)

select
    seen.city_code,
    coalesce(cities.name_zh, seen.city_name, seen.city_code) as city_name,
    cities.slug as city_slug,
    cities.level_code,
    cities.province_code,
    cities.province_zh as province_name
from seen
left join {{ source('reference', 'cities') }} as cities
    on seen.city_code = cities.city_code
