-- Fiscal years that reports are about, and which heading the three-public table had in them.
select
    fiscal_year,
    make_date(fiscal_year, 1, 1) as first_day,
    make_date(fiscal_year, 12, 31) as last_day,
    if(fiscal_year <= 2021, 'general_public_budget', 'fiscal_appropriation') as three_public_series_code,
    cast(count(*) filter (where is_preferred) as integer) as reports_count
from {{ ref('int_reports') }}
where fiscal_year is not null
group by fiscal_year
