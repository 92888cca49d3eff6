-- Three-public expenses of a department by item: last year's final accounts, this year's budget and final accounts.
with amounts as (
    select
        expenditures.report_id,
        expenditures.form_id,
        expenditures.item_code,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        reports.is_preferred,
        max(expenditures.amount_wanyuan) filter (
            where expenditures.phase_code = 'final_accounts' and expenditures.amount_year = reports.fiscal_year - 1
        ) as prior_final_wanyuan,
        max(expenditures.amount_wanyuan) filter (
            where expenditures.phase_code = 'budget' and expenditures.amount_year = reports.fiscal_year
        ) as budget_wanyuan,
        max(expenditures.amount_wanyuan) filter (
            where expenditures.phase_code = 'final_accounts' and expenditures.amount_year = reports.fiscal_year
        ) as final_wanyuan,
        max(expenditures.row_id) filter (
            where expenditures.phase_code = 'final_accounts' and expenditures.amount_year = reports.fiscal_year - 1
        ) as prior_final_row_id,
        max(expenditures.row_id) filter (
            where expenditures.phase_code = 'budget' and expenditures.amount_year = reports.fiscal_year
        ) as budget_row_id,
        max(expenditures.row_id) filter (
            where expenditures.phase_code = 'final_accounts' and expenditures.amount_year = reports.fiscal_year
        ) as final_row_id
    from {{ ref('stg_expenditures') }} as expenditures
    inner join {{ ref('int_reports') }} as reports
        on expenditures.report_id = reports.report_id
    where
        expenditures.form_kind = 'base_data'
        and expenditures.fund_source_code = 'all'
        and expenditures.item_code in (
            'three_public', 'vehicles', 'vehicle_purchase', 'vehicle_operation', 'abroad', 'reception'
        )
    group by all
)

select
    amounts.report_id,
    amounts.form_id,
    amounts.city_code,
    amounts.department_id,
    amounts.department_name,
    amounts.fiscal_year,
    amounts.is_preferred,
    amounts.item_code,
    items.zh as item_name,
    amounts.prior_final_wanyuan,
    amounts.budget_wanyuan,
    amounts.final_wanyuan,
    {{ percentage('amounts.final_wanyuan', 'amounts.budget_wanyuan') }} as final_to_budget_pct,
    {{ percentage('(amounts.final_wanyuan - amounts.prior_final_wanyuan)', 'amounts.prior_final_wanyuan') }}
        as year_on_year_pct,
    {{ three_public_comparability('amounts.fiscal_year') }} as comparability_code,
    {{ is_contradicted('[amounts.prior_final_row_id, amounts.budget_row_id, amounts.final_row_id]') }} as has_open_fail,
    amounts.prior_final_row_id,
    amounts.budget_row_id,
    amounts.final_row_id
from amounts
left join {{ ref('int_failed_figures') }} as failed
    on amounts.report_id = failed.report_id
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and amounts.item_code = items.code
