-- Three-public expenses of the report's own year by item, beside the counts that the narrative tells: vehicles, receptions.
with amounts as (
    select
        report_id,
        item_code,
        executed_wanyuan as final_wanyuan,
        coalesce(budget_final_wanyuan, budget_wanyuan) as budget_wanyuan,
        row_ids
    from {{ ref('int_item_phases') }}
    where
        item_code in (
            'three_public', 'vehicles', 'vehicle_purchase', 'vehicle_operation', 'abroad', 'reception'
        )
),

counts as (
    select
        counts.report_id,
        case counts.count_code
            when 'vehicles_owned' then 'vehicle_operation' when 'reception_batches' then 'reception'
        end as item_code,
        max(counts.count_value) as count_value,
        list(counts.row_id order by counts.row_id) as row_ids
    from {{ ref('stg_counts') }} as counts
    inner join {{ ref('int_reports') }} as reports
        on counts.report_id = reports.report_id and counts.count_year = reports.fiscal_year
    where counts.count_code in ('vehicles_owned', 'reception_batches')
    group by counts.report_id, counts.count_code
)

select
    amounts.report_id,
    amounts.item_code,
    amounts.final_wanyuan,
    amounts.budget_wanyuan,
    amounts.row_ids,
    counts.count_value,
    coalesce(counts.row_ids, []) as count_row_ids
from amounts
left join counts
    on amounts.report_id = counts.report_id and amounts.item_code = counts.item_code
