-- Three-public expenses per head of in-post staff, and their change with and without the purchase of vehicles. Years on
-- two sides of the series break of the heading (财政拨款 from 2022) are marked, not hidden.
with amounts as (
    select
        report_id,
        max(final_wanyuan) filter (where item_code = 'three_public') as final_wanyuan,
        max(prior_final_wanyuan) filter (where item_code = 'three_public') as prior_final_wanyuan,
        max(final_wanyuan) filter (where item_code = 'vehicle_purchase') as purchase_wanyuan,
        max(prior_final_wanyuan) filter (where item_code = 'vehicle_purchase') as prior_purchase_wanyuan,
        list_filter(
            list_distinct(flatten(list([final_row_id, prior_final_row_id]) filter (
                where item_code in ('three_public', 'vehicle_purchase')
            ))),
            row_id -> row_id is not null
        ) as row_ids
    from {{ ref('mart_three_public') }}
    group by report_id
),

netted as (
    select
        *,
        final_wanyuan - purchase_wanyuan as without_purchase_wanyuan,
        prior_final_wanyuan - prior_purchase_wanyuan as prior_without_purchase_wanyuan
    from amounts
)

select
    netted.report_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    netted.final_wanyuan,
    netted.prior_final_wanyuan,
    {{ percentage('(netted.final_wanyuan - netted.prior_final_wanyuan)', 'netted.prior_final_wanyuan') }}
        as year_on_year_pct,
    cast(netted.without_purchase_wanyuan as decimal(18, 6)) as without_purchase_wanyuan,
    cast(netted.prior_without_purchase_wanyuan as decimal(18, 6)) as prior_without_purchase_wanyuan,
    {{ percentage(
        '(netted.without_purchase_wanyuan - netted.prior_without_purchase_wanyuan)', 'netted.prior_without_purchase_wanyuan'
    ) }} as without_purchase_year_on_year_pct,
    staffing.in_post_count,
    {{ per_head('netted.final_wanyuan', 'staffing.in_post_count') }} as per_head_wanyuan,
    {{ per_head('netted.without_purchase_wanyuan', 'staffing.in_post_count') }} as without_purchase_per_head_wanyuan,
    reports.scope_code,
    {{ three_public_comparability('reports.fiscal_year') }} as comparability_code,
    {{ is_contradicted('list_concat(netted.row_ids, [staffing.table_row_id, staffing.narrative_row_id])') }} as has_open_fail,
    list_concat(
        list_sort(netted.row_ids), if(staffing.table_row_id is null, [], [staffing.table_row_id])
    ) as figure_row_ids
from netted
inner join {{ ref('int_reports') }} as reports
    on netted.report_id = reports.report_id
left join {{ ref('mart_staffing') }} as staffing
    on netted.report_id = staffing.report_id
left join {{ ref('int_failed_figures') }} as failed
    on netted.report_id = failed.report_id
