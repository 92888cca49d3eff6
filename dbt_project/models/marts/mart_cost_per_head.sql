-- Personnel and public funds per head of in-post staff.
with amounts as (
    select
        report_id,
        max(amount_wanyuan) filter (where item_code = 'personnel_funds') as personnel_funds_wanyuan,
        max(amount_wanyuan) filter (where item_code = 'public_funds') as public_funds_wanyuan,
        list_sort(flatten(list(row_ids))) as row_ids
    from {{ ref('int_expenditures') }}
    where
        item_code in ('personnel_funds', 'public_funds')
        and fund_source_code = 'all'
        and phase_code = 'executed'
        and (report_id, amount_year) in (
            select
                reports.report_id,
                reports.fiscal_year
            from {{ ref('int_reports') }} as reports
        )
    group by report_id
)

select
    amounts.report_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    reports.scope_code,
    staffing.in_post_count,
    amounts.personnel_funds_wanyuan,
    {{ per_head('amounts.personnel_funds_wanyuan', 'staffing.in_post_count') }} as personnel_per_head_wanyuan,
    amounts.public_funds_wanyuan,
    {{ per_head('amounts.public_funds_wanyuan', 'staffing.in_post_count') }} as public_per_head_wanyuan,
    {{ is_contradicted('list_concat(amounts.row_ids, [staffing.table_row_id, staffing.narrative_row_id])') }} as has_open_fail,
    list_concat(amounts.row_ids, if(staffing.table_row_id is null, [], [staffing.table_row_id])) as figure_row_ids
from amounts
inner join {{ ref('int_reports') }} as reports
    on amounts.report_id = reports.report_id
left join {{ ref('mart_staffing') }} as staffing
    on amounts.report_id = staffing.report_id
left join {{ ref('int_failed_figures') }} as failed
    on amounts.report_id = failed.report_id
