-- F08: the printed execution rate beside executed over final budget, on the same form; a rate that the text calls one of
-- the initial budget beside executed over initial budget. Where the text names a budget without its phase (完成预算的98%),
-- either budget will do.
with rates as (
    select
        *,
        'F08.rate' as check_id,
        execution_rate_reported_pct as stated_pct,
        budget_final_wanyuan as budget_wanyuan,
        budget_final_row_ids as budget_row_ids,
        execution_ratio as ratio
    from {{ ref('int_execution') }}
    where execution_rate_reported_pct is not null
    union all by name
    select
        *,
        'F08.initial_rate' as check_id,
        initial_rate_reported_pct as stated_pct,
        budget_initial_wanyuan as budget_wanyuan,
        budget_initial_row_ids as budget_row_ids,
        initial_ratio as ratio
    from {{ ref('int_execution') }}
    where initial_rate_reported_pct is not null
),

judged as (
    select
        *,
        case
            when executed_wanyuan is null or budget_wanyuan is null then 'not_applicable'
            when budget_wanyuan = 0 then 'deferred'
            when abs(stated_pct - ratio * 100) <= {{ half_unit('rate_decimals') }} then 'ok'
            when
                execution_rate_basis_code = 'budget'
                and abs(stated_pct - initial_ratio * 100) <= {{ half_unit('rate_decimals') }}
                then 'ok'
            else 'fail'
        end as outcome
    from rates
)

select
    judged.check_id,
    judged.report_id,
    judged.form_id,
    judged.subject,
    items.zh || if(judged.fund_source_code = 'all', '', '（' || funds.zh || '）') as subject_zh,
    items.en || if(judged.fund_source_code = 'all', '', ' (' || funds.en || ')') as subject_en,
    judged.stated_pct as stated_value,
    {{ as_printed('judged.ratio * 100', 'judged.rate_decimals') }} as computed_value,
    '%' as unit,
    judged.outcome,
    case judged.outcome when 'not_applicable' then 'no_figures' when 'deferred' then 'zero_budget' end as reason,
    {{ half_unit('judged.rate_decimals') }} as tolerance,
    '（' || {{ spelled('judged.executed_wanyuan', "'万元'") }}
    || '÷' || {{ spelled('judged.budget_wanyuan', "'万元'") }} || '）' as detail_zh,
    '(' || {{ spelled('judged.executed_wanyuan', "'万元'") }}
    || ' / ' || {{ spelled('judged.budget_wanyuan', "'万元'") }} || ')' as detail_en,
    [judged.evaluation_row_id] as left_row_ids,
    list_concat(judged.executed_row_ids, judged.budget_row_ids) as right_row_ids
from judged
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and judged.item_code = items.code
left join {{ source('catalogue', 'codes') }} as funds
    on funds.vocabulary = 'fund_source' and judged.fund_source_code = funds.code
