-- R07 to R09, R12 and R19: figures that audit practice knows as warning signs.
with amounts as (
    select
        report_id,
        item_code,
        budget_initial_wanyuan as initial_wanyuan,
        budget_final_wanyuan as final_wanyuan,
        budget_wanyuan,
        executed_wanyuan,
        row_ids
    from {{ ref('int_item_phases') }}
    where item_code <> 'three_public'
),

changes as (
    select
        amounts.*,
        {{ exact_ratio('(amounts.final_wanyuan - amounts.initial_wanyuan)', 'amounts.initial_wanyuan') }} * 100 as change_pct
    from amounts
),

judged as (
    select
        'R07.cut_to_actual' as check_id,
        report_id,
        item_code,
        executed_wanyuan as stated_value,
        initial_wanyuan as computed_value,
        '万元' as unit,
        if(
            executed_wanyuan > 0 and executed_wanyuan = final_wanyuan and final_wanyuan <> initial_wanyuan, 'flag', 'ok'
        ) as outcome,
        row_ids
    from amounts
    where executed_wanyuan is not null and final_wanyuan is not null and initial_wanyuan is not null
    union all
    select
        'R08.overspent' as check_id,
        report_id,
        item_code,
        executed_wanyuan as stated_value,
        coalesce(final_wanyuan, budget_wanyuan) as computed_value,
        '万元' as unit,
        if(executed_wanyuan > coalesce(final_wanyuan, budget_wanyuan) + 0.005, 'flag', 'ok') as outcome,
        row_ids
    from amounts
    where
        executed_wanyuan is not null
        and coalesce(
            final_wanyuan,
            if(
                item_code in ('project_expenditure', 'operating_work', 'maintenance', 'special_fund'), null, budget_wanyuan
            )
        ) is not null
    union all
    select
        'R09.large_adjustment' as check_id,
        changes.report_id,
        changes.item_code,
        cast(round(changes.change_pct, 2) as decimal(18, 6)) as stated_value,
        null as computed_value,
        '%' as unit,
        if(abs(changes.change_pct) > 10, 'flag', 'ok') as outcome,
        changes.row_ids
    from changes
    left join {{ ref('rule_budget_adjustments') }} as adjustments
        on changes.report_id = adjustments.report_id and changes.item_code = adjustments.subject
    where
        changes.change_pct is not null
        and changes.item_code in ('total', 'basic_expenditure', 'project_expenditure')
        and coalesce(adjustments.outcome, 'not_applicable') = 'not_applicable'
),

staff as (
    select * from {{ ref('stg_personnel') }}
)

select
    judged.check_id,
    judged.report_id,
    cast(null as varchar) as form_id,
    judged.item_code as subject,
    items.zh as subject_zh,
    items.en as subject_en,
    judged.stated_value,
    judged.computed_value,
    judged.unit,
    judged.outcome,
    judged.row_ids as left_row_ids,
    judged.row_ids as right_row_ids
from judged
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and judged.item_code = items.code
union all by name
select
    'R12.over_quota' as check_id,
    report_id,
    form_id,
    'in_post_count' as subject,
    in_post_count as stated_value,
    staffing_quota_count as computed_value,
    '人' as unit,
    if(in_post_count > staffing_quota_count, 'flag', 'ok') as outcome,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from staff
where in_post_count is not null and staffing_quota_count is not null
union all by name
select
    'R19.retirees_counted' as check_id,
    report_id,
    form_id,
    'in_post_count' as subject,
    in_post_count as stated_value,
    retirees_count as computed_value,
    '人' as unit,
    if(in_post_count = total_staff_count and retirees_count > 0, 'flag', 'ok') as outcome,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from staff
where in_post_count is not null and total_staff_count is not null and retirees_count is not null
