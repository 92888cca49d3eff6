-- F24: what the self-evaluation says was spent is what the department's published final accounts say. Only amounts of one
-- item and one fund are compared, between documents of one scope: the own level alone is not the whole department.
with settled as (
    select
        city_code,
        department_id,
        fiscal_year,
        scope_code,
        item_code,
        fund_source_code,
        amount_wanyuan,
        [row_id] as row_ids
    from {{ ref('stg_final_accounts') }}
    where amount_year = fiscal_year and phase_code = 'final_accounts'
),

compared as (
    select
        own.report_id,
        stated.item_code,
        stated.fund_source_code,
        stated.amount_wanyuan as stated_value,
        settled.amount_wanyuan as computed_value,
        stated.row_ids as left_row_ids,
        settled.row_ids as right_row_ids
    from {{ ref('int_reports') }} as own
    inner join settled
        on
            own.city_code is not distinct from settled.city_code
            and own.department_id = settled.department_id
            and own.fiscal_year = settled.fiscal_year
            and own.scope_code = settled.scope_code
    inner join {{ ref('int_expenditures') }} as stated
        on
            own.report_id = stated.report_id
            and own.fiscal_year = stated.amount_year
            and settled.item_code = stated.item_code
            and settled.fund_source_code = stated.fund_source_code
    where stated.phase_code = 'executed'
)

select
    'F24.final_accounts' as check_id,
    compared.report_id,
    compared.item_code as subject,
    if(compared.fund_source_code = 'all', items.zh, concat(items.zh, '（', funds.zh, '）')) as subject_zh,
    if(compared.fund_source_code = 'all', items.en, concat(items.en, ' (', funds.en, ')')) as subject_en,
    compared.stated_value,
    compared.computed_value,
    '万元' as unit,
    case
        when abs(compared.stated_value - compared.computed_value) <= 0.005 then 'ok'
        when abs(compared.stated_value - compared.computed_value) <= 0.01 then 'round'
        else 'fail'
    end as outcome,
    0.01 as tolerance,
    compared.left_row_ids,
    compared.right_row_ids
from compared
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and compared.item_code = items.code
left join {{ source('catalogue', 'codes') }} as funds
    on funds.vocabulary = 'fund_source' and compared.fund_source_code = funds.code
