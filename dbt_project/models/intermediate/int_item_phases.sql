-- The phases of one item side by side, for the report's own year. Budget and expenditure of two kinds of forms may be about
-- different things (some of the projects, all of them): only the kind that states the expenditure counts. An adjustment
-- (部门基本支出预算调整) is no expenditure and takes no part.
with stated as (
    select
        expenditures.report_id,
        expenditures.form_kind,
        expenditures.item_code,
        expenditures.phase_code,
        expenditures.amount_wanyuan,
        expenditures.row_ids,
        max(expenditures.form_kind) filter (where expenditures.phase_code = 'executed') over (
            partition by expenditures.report_id, expenditures.item_code
        ) as executed_form_kind
    from {{ ref('int_expenditures') }} as expenditures
    inner join {{ ref('int_reports') }} as reports
        on expenditures.report_id = reports.report_id and expenditures.amount_year = reports.fiscal_year
    where expenditures.fund_source_code = 'all' and expenditures.item_code <> 'basic_budget_adjustment'
)

select
    report_id,
    item_code,
    max(amount_wanyuan) filter (where phase_code = 'budget_initial') as budget_initial_wanyuan,
    max(amount_wanyuan) filter (where phase_code = 'budget_final') as budget_final_wanyuan,
    max(amount_wanyuan) filter (where phase_code = 'budget') as budget_wanyuan,
    max(amount_wanyuan) filter (where phase_code = 'executed') as executed_wanyuan,
    list_sort(flatten(list(row_ids))) as row_ids
from stated
where coalesce(form_kind = executed_form_kind, true)
group by report_id, item_code
