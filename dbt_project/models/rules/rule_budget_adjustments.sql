-- F22: where the budget changed during the year, the adjustment row of the base data table holds a figure or a text.
with adjustment_rows as (
    select
        report_id,
        form_id,
        row_id,
        false as is_filled
    from {{ ref('stg_missing_amounts') }}
    where item_code = 'basic_budget_adjustment'
    union all
    select
        report_id,
        form_id,
        row_id,
        true as is_filled
    from {{ ref('stg_expenditures') }}
    where item_code = 'basic_budget_adjustment'
    union all
    select
        report_id,
        form_id,
        row_id,
        not {{ is_empty_text('text') }} as is_filled
    from {{ ref('stg_narratives') }}
    where section_code = 'budget_adjustment_reason'
),

adjustments as (
    select
        report_id,
        min(form_id) as form_id,
        bool_or(is_filled) as is_filled,
        list(row_id order by row_id) as row_ids
    from adjustment_rows
    group by report_id
),

changes as (
    select
        initial.report_id,
        initial.item_code,
        initial.amount_wanyuan as initial_wanyuan,
        final.amount_wanyuan - initial.amount_wanyuan as change_wanyuan,
        list_concat(initial.row_ids, final.row_ids) as row_ids
    from {{ ref('int_headline_figures') }} as initial
    inner join {{ ref('int_headline_figures') }} as final
        on initial.report_id = final.report_id and initial.item_code = final.item_code
    where initial.phase_code = 'budget_initial' and final.phase_code = 'budget_final'
)

select
    'F22.reason' as check_id,
    changes.report_id,
    adjustments.form_id,
    changes.item_code as subject,
    items.zh as subject_zh,
    items.en as subject_en,
    changes.change_wanyuan as computed_value,
    '万元' as unit,
    case
        when adjustments.report_id is null then 'not_applicable'
        when abs(changes.change_wanyuan) <= 0.005 or adjustments.is_filled then 'ok'
        else 'fail'
    end as outcome,
    if(adjustments.report_id is null, 'no_row', null) as reason,
    0.005 as tolerance,
    coalesce(
        printf('%+.2f%%', cast(changes.change_wanyuan as double) * 100 / nullif(cast(changes.initial_wanyuan as double), 0)),
        '年初预算为0'
    ) as detail_zh,
    coalesce(
        printf('%+.2f %%', cast(changes.change_wanyuan as double) * 100 / nullif(cast(changes.initial_wanyuan as double), 0)),
        'the initial budget is 0'
    ) as detail_en,
    adjustments.row_ids as left_row_ids,
    changes.row_ids as right_row_ids
from changes
left join adjustments
    on changes.report_id = adjustments.report_id
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and changes.item_code = items.code
