-- F27: an account that the narrative calls 无 has no amount on the department form.
with stated as (
    select
        report_id,
        form_id,
        fund_source_code,
        list(row_id order by row_id) as row_ids
    from {{ ref('stg_missing_amounts') }}
    where form_kind = 'narrative' and absence_code = 'none' and item_code = 'total' and fund_source_code <> 'all'
    group by report_id, form_id, fund_source_code
),

shown as (
    select
        figures.report_id,
        figures.fund_source_code,
        max(figures.figure_value) as figure_value,
        list_sort(flatten(list(figures.row_ids))) as row_ids
    from {{ ref('int_figures') }} as figures
    inner join {{ ref('stg_reports') }} as reports
        on figures.report_id = reports.report_id and figures.amount_year = reports.fiscal_year
    where
        figures.field_name = 'amount_wanyuan'
        and figures.form_kind = 'department_evaluation'
        and figures.item_code = 'total'
        and figures.figure_value is not null
    group by figures.report_id, figures.fund_source_code
)

select
    'F27.stated_none' as check_id,
    stated.report_id,
    stated.form_id,
    stated.fund_source_code as subject,
    funds.zh as subject_zh,
    funds.en as subject_en,
    cast(null as decimal(18, 6)) as stated_value,
    shown.figure_value as computed_value,
    '万元' as unit,
    if(shown.figure_value > 0, 'fail', 'ok') as outcome,
    0 as tolerance,
    stated.row_ids as left_row_ids,
    shown.row_ids as right_row_ids
from stated
inner join shown
    on stated.report_id = shown.report_id and stated.fund_source_code = shown.fund_source_code
left join {{ source('catalogue', 'codes') }} as funds
    on funds.vocabulary = 'fund_source' and stated.fund_source_code = funds.code
