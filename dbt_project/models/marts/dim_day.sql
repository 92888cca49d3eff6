-- Every day of the fiscal years that reports are about: the time spine that MetricFlow asks for.
select
    cast(dates.first_moment as date) as calendar_day,
    years.fiscal_year
from {{ ref('dim_fiscal_year') }} as years
cross join unnest(generate_series(years.first_day, years.last_day, interval 1 day)) as dates (first_moment)
