-- A split by source or by nature often names no phase: the phases whose total on the same form its sum equals.
with blocks as (
    select
        report_id,
        form_id,
        amount_year,
        if(fund_source_code = 'all', 'nature', 'source') as block_code,
        sum(amount_wanyuan) as block_wanyuan
    from {{ ref('stg_expenditures') }}
    where
        phase_code = 'unstated'
        and (
            (item_code = 'total' and fund_source_code <> 'all')
            or (item_code in ('basic_expenditure', 'project_expenditure') and fund_source_code = 'all')
        )
    group by all
),

totals as (
    select
        form_id,
        amount_year,
        phase_code,
        amount_wanyuan
    from {{ ref('stg_expenditures') }}
    where item_code = 'total' and fund_source_code = 'all' and phase_code in ('budget_initial', 'budget_final', 'executed')
)

select
    blocks.report_id,
    blocks.form_id,
    blocks.amount_year,
    blocks.block_code,
    cast(blocks.block_wanyuan as decimal(18, 6)) as block_wanyuan,
    list(totals.phase_code order by {{ phase_order('totals.phase_code') }}) as phase_codes
from blocks
inner join totals
    on
        blocks.form_id = totals.form_id
        and blocks.amount_year = totals.amount_year
        and abs(blocks.block_wanyuan - totals.amount_wanyuan) <= 0.005
group by all
