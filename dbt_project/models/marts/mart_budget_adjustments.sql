-- How much the budget was changed in the year as one kind of form tells it, and whether the report explains it.
-- `is_explained` is null where the report has no place for an explanation.
with changes as (
    select
        initial.report_id,
        initial.item_code,
        initial.amount_wanyuan as budget_initial_wanyuan,
        final.amount_wanyuan as budget_final_wanyuan,
        final.amount_wanyuan - initial.amount_wanyuan as change_wanyuan,
        list_concat(initial.row_ids, final.row_ids) as row_ids
    from {{ ref('int_headline_figures') }} as initial
    inner join {{ ref('int_headline_figures') }} as final
        on
            initial.report_id = final.report_id
            and initial.item_code = final.item_code
            and initial.form_kind is not distinct from final.form_kind
    where initial.phase_code = 'budget_initial' and final.phase_code = 'budget_final'
)

select
    changes.report_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    changes.item_code,
    items.zh as item_name,
    changes.budget_initial_wanyuan,
    changes.budget_final_wanyuan,
    cast(changes.change_wanyuan as decimal(18, 6)) as change_wanyuan,
    {{ percentage('changes.change_wanyuan', 'changes.budget_initial_wanyuan') }} as change_pct,
    case adjustments.outcome when 'ok' then true when 'fail' then false end as is_explained,
    {{ is_contradicted('changes.row_ids') }} as has_open_fail,
    changes.row_ids as figure_row_ids
from changes
inner join {{ ref('int_reports') }} as reports
    on changes.report_id = reports.report_id
left join {{ ref('int_failed_figures') }} as failed
    on changes.report_id = failed.report_id
left join {{ ref('rule_budget_adjustments') }} as adjustments
    on changes.report_id = adjustments.report_id and changes.item_code = adjustments.subject
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and changes.item_code = items.code
