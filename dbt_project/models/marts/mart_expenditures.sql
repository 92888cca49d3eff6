-- Who spends how much, by item, fund source and phase: one amount each, with the form it was taken from, how many kinds of
-- form state it and how far apart they are.
select
    expenditures.report_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    expenditures.item_code,
    items.zh as item_name,
    expenditures.fund_source_code,
    expenditures.phase_code,
    expenditures.amount_year,
    expenditures.amount_wanyuan,
    expenditures.form_kind,
    cast(expenditures.form_kinds_count as integer) as form_kinds_count,
    expenditures.spread_wanyuan,
    {{ is_contradicted('expenditures.row_ids') }} as has_open_fail,
    expenditures.row_ids as figure_row_ids
from {{ ref('int_expenditures') }} as expenditures
inner join {{ ref('int_reports') }} as reports
    on expenditures.report_id = reports.report_id
left join {{ ref('int_failed_figures') }} as failed
    on expenditures.report_id = failed.report_id
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and expenditures.item_code = items.code
