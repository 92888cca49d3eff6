-- F08: the printed execution rate beside executed over final budget, on the same form.
with rates as (
    select * from {{ ref('int_execution') }}
    where execution_rate_reported_pct is not null
),

judged as (
    select
        *,
        case
            when executed_wanyuan is null or budget_final_wanyuan is null then 'not_applicable'
            when budget_final_wanyuan = 0 then 'deferred'
            when abs(execution_rate_reported_pct - execution_ratio * 100) <= {{ half_unit('rate_decimals') }} then 'ok'
            else 'fail'
        end as outcome
    from rates
)

select
    'F08.rate' as check_id,
    judged.report_id,
    judged.form_id,
    judged.subject,
    items.zh || if(judged.fund_source_code = 'all', '', '（' || funds.zh || '）') as subject_zh,
    items.en || if(judged.fund_source_code = 'all', '', ' (' || funds.en || ')') as subject_en,
    judged.execution_rate_reported_pct as stated_value,
    {{ as_printed('judged.execution_ratio * 100', 'judged.rate_decimals') }} as computed_value,
    '%' as unit,
    judged.outcome,
    case judged.outcome when 'not_applicable' then 'no_figures' when 'deferred' then 'zero_budget' end as reason,
    {{ half_unit('judged.rate_decimals') }} as tolerance,
    '（' || {{ spelled('judged.executed_wanyuan', "'万元'") }}
    || '÷' || {{ spelled('judged.budget_final_wanyuan', "'万元'") }} || '）' as detail_zh,
    '(' || {{ spelled('judged.executed_wanyuan', "'万元'") }}
    || ' / ' || {{ spelled('judged.budget_final_wanyuan', "'万元'") }} || ')' as detail_en,
    [judged.evaluation_row_id] as left_row_ids,
    list_concat(judged.executed_row_ids, judged.budget_final_row_ids) as right_row_ids
from judged
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and judged.item_code = items.code
left join {{ source('catalogue', 'codes') }} as funds
    on funds.vocabulary = 'fund_source' and judged.fund_source_code = funds.code
