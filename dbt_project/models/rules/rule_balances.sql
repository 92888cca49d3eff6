-- F29: funds received minus expenditure is the balance that the form prints.
with phases as (
    select
        report_id,
        form_id,
        item_code,
        fund_source_code,
        amount_year,
        max(amount_wanyuan) filter (where phase_code = 'received') as received_wanyuan,
        max(amount_wanyuan) filter (where phase_code = 'executed') as executed_wanyuan,
        max(amount_wanyuan) filter (where phase_code = 'balance') as balance_wanyuan,
        list(row_id order by row_id) filter (where phase_code = 'balance') as balance_row_ids,
        list(row_id order by row_id) filter (where phase_code in ('received', 'executed')) as row_ids
    from {{ ref('stg_expenditures') }}
    where phase_code in ('received', 'executed', 'balance')
    group by report_id, form_id, item_code, fund_source_code, amount_year
)

select
    'F29.balance' as check_id,
    phases.report_id,
    phases.form_id,
    concat_ws('/', phases.item_code, nullif(phases.fund_source_code, 'all')) as subject,
    items.zh || if(phases.fund_source_code = 'all', '', '（' || funds.zh || '）') as subject_zh,
    items.en || if(phases.fund_source_code = 'all', '', ', ' || funds.en) as subject_en,
    phases.balance_wanyuan as stated_value,
    phases.received_wanyuan - phases.executed_wanyuan as computed_value,
    '万元' as unit,
    if(abs(phases.balance_wanyuan - phases.received_wanyuan + phases.executed_wanyuan) <= 0.005, 'ok', 'fail') as outcome,
    0.005 as tolerance,
    phases.balance_row_ids as left_row_ids,
    phases.row_ids as right_row_ids
from phases
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and phases.item_code = items.code
left join {{ source('catalogue', 'codes') }} as funds
    on funds.vocabulary = 'fund_source' and phases.fund_source_code = funds.code
where
    phases.received_wanyuan is not null
    and phases.executed_wanyuan is not null
    and phases.balance_wanyuan is not null
