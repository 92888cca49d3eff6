-- Where money was left unspent or moved out of the budget during the year: by item and by project.
with items as (
    select
        report_id,
        cast(null as varchar) as form_id,
        item_code,
        cast(null as varchar) as project_name,
        budget_initial_wanyuan,
        coalesce(budget_final_wanyuan, budget_wanyuan) as budget_wanyuan,
        executed_wanyuan,
        row_ids
    from {{ ref('int_item_phases') }}
),

subjects as (
    select * from items
    union all by name
    select
        report_id,
        form_id,
        'project_expenditure' as item_code,
        coalesce(project_name, '') as project_name,
        budget_initial_wanyuan,
        budget_final_wanyuan as budget_wanyuan,
        executed_wanyuan,
        row_ids
    from {{ ref('int_projects') }}
),

reasons as (
    select
        form_id,
        string_agg(distinct deviation_reason, '；' order by deviation_reason) as deviation_reason
    from {{ ref('stg_indicators') }}
    where not {{ is_empty_text('deviation_reason') }}
    group by form_id
)

select
    subjects.report_id,
    subjects.form_id,
    reports.city_code,
    reports.department_id,
    reports.department_name,
    reports.fiscal_year,
    reports.is_preferred,
    subjects.item_code,
    items.zh as item_name,
    nullif(subjects.project_name, '') as project_name,
    subjects.budget_initial_wanyuan,
    subjects.budget_wanyuan,
    subjects.executed_wanyuan,
    cast(subjects.budget_wanyuan - subjects.executed_wanyuan as decimal(18, 6)) as unspent_wanyuan,
    {{ percentage('(subjects.budget_wanyuan - subjects.executed_wanyuan)', 'subjects.budget_wanyuan') }} as unspent_pct,
    cast(
        if(
            subjects.budget_initial_wanyuan is null,
            null,
            greatest(subjects.budget_initial_wanyuan - subjects.budget_wanyuan, 0)
        ) as decimal(18, 6)
    ) as moved_out_wanyuan,
    reasons.deviation_reason,
    {{ is_contradicted('subjects.row_ids') }} as has_open_fail,
    subjects.row_ids as figure_row_ids
from subjects
inner join {{ ref('int_reports') }} as reports
    on subjects.report_id = reports.report_id
left join reasons
    on subjects.form_id = reasons.form_id
left join {{ ref('int_failed_figures') }} as failed
    on subjects.report_id = failed.report_id
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and subjects.item_code = items.code
where subjects.budget_wanyuan is not null and subjects.executed_wanyuan is not null
