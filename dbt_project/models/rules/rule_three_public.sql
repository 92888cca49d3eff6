-- F26: three-public final accounts stay within the budget and fit the vehicles and receptions told; R10 and R11: a vehicle
-- bought outside the budget, and expenses of 0 beside vehicles or receptions.
with items as (
    select * from {{ ref('int_three_public') }}
),

by_report as (
    select
        report_id,
        bool_and(final_wanyuan = 0 and coalesce(budget_wanyuan, 0) = 0) as is_all_zero,
        max(count_value) filter (where item_code = 'vehicle_operation') as vehicles_owned,
        max(count_value) filter (where item_code = 'reception') as receptions,
        list_sort(flatten(list(row_ids))) as row_ids,
        list_sort(flatten(list(count_row_ids))) as count_row_ids
    from items
    where final_wanyuan is not null
    group by report_id
    having bool_or(count_value is not null)
)

select
    'F26.over_budget' as check_id,
    report_id,
    item_code as subject,
    final_wanyuan as stated_value,
    budget_wanyuan as computed_value,
    '万元' as unit,
    if(final_wanyuan > budget_wanyuan + 0.005, 'fail', 'ok') as outcome,
    0.005 as tolerance,
    '' as detail_zh,
    '' as detail_en,
    row_ids as left_row_ids,
    row_ids as right_row_ids
from items
where item_code = 'three_public' and final_wanyuan is not null and budget_wanyuan is not null
union all
select
    'F26.vehicles' as check_id,
    report_id,
    item_code as subject,
    final_wanyuan as stated_value,
    count_value as computed_value,
    '万元' as unit,
    if(final_wanyuan > 0 and count_value = 0, 'fail', 'ok') as outcome,
    0 as tolerance,
    '' as detail_zh,
    '' as detail_en,
    row_ids as left_row_ids,
    count_row_ids as right_row_ids
from items
where item_code = 'vehicle_operation' and final_wanyuan is not null and count_value is not null
union all
select
    'F26.reception' as check_id,
    report_id,
    item_code as subject,
    final_wanyuan as stated_value,
    count_value as computed_value,
    '万元' as unit,
    if((final_wanyuan > 0) <> (count_value > 0), 'fail', 'ok') as outcome,
    0 as tolerance,
    '' as detail_zh,
    '' as detail_en,
    row_ids as left_row_ids,
    count_row_ids as right_row_ids
from items
where item_code = 'reception' and final_wanyuan is not null and count_value is not null
union all
select
    'R10.unbudgeted_purchase' as check_id,
    report_id,
    item_code as subject,
    final_wanyuan as stated_value,
    budget_wanyuan as computed_value,
    '万元' as unit,
    if(final_wanyuan > 0 and budget_wanyuan = 0, 'flag', 'ok') as outcome,
    0 as tolerance,
    '' as detail_zh,
    '' as detail_en,
    row_ids as left_row_ids,
    row_ids as right_row_ids
from items
where item_code = 'vehicle_purchase' and final_wanyuan is not null and budget_wanyuan is not null
union all
select
    'R11.zero_three_public' as check_id,
    report_id,
    'three_public' as subject,
    0 as stated_value,
    null as computed_value,
    '万元' as unit,
    if(is_all_zero and (coalesce(vehicles_owned, 0) > 0 or coalesce(receptions, 0) > 0), 'flag', 'ok') as outcome,
    0 as tolerance,
    concat_ws('、', '公务用车' || nullif(vehicles_owned, 0) || '辆', '接待' || nullif(receptions, 0) || '批次') as detail_zh,
    concat_ws(', ', nullif(vehicles_owned, 0) || ' vehicles', nullif(receptions, 0) || ' receptions') as detail_en,
    row_ids as left_row_ids,
    count_row_ids as right_row_ids
from by_report
