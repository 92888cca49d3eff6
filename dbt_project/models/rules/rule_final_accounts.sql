-- F24: what the self-evaluation says was spent is what the department's published final accounts say.
with pairs as (
    select
        own.report_id,
        own.fiscal_year,
        published_reports.report_id as published_report_id
    from {{ ref('int_reports') }} as own
    inner join {{ ref('int_reports') }} as published_reports
        on
            own.city_code is not distinct from published_reports.city_code
            and own.department_id = published_reports.department_id
            and own.fiscal_year = published_reports.fiscal_year
            and own.report_id <> published_reports.report_id
    where own.document_kind = 'self_evaluation' and published_reports.document_kind = 'final_accounts'
)

select
    'F24.final_accounts' as check_id,
    pairs.report_id,
    stated.item_code as subject,
    items.zh as subject_zh,
    items.en as subject_en,
    stated.amount_wanyuan as stated_value,
    published.amount_wanyuan as computed_value,
    '万元' as unit,
    case
        when abs(stated.amount_wanyuan - published.amount_wanyuan) <= 0.005 then 'ok'
        when abs(stated.amount_wanyuan - published.amount_wanyuan) <= 0.01 then 'round'
        else 'fail'
    end as outcome,
    0.01 as tolerance,
    stated.row_ids as left_row_ids,
    published.row_ids as right_row_ids
from pairs
inner join {{ ref('int_expenditures') }} as stated
    on pairs.report_id = stated.report_id and pairs.fiscal_year = stated.amount_year
inner join {{ ref('int_expenditures') }} as published
    on
        pairs.published_report_id = published.report_id
        and pairs.fiscal_year = published.amount_year
        and stated.item_code = published.item_code
        and stated.fund_source_code = published.fund_source_code
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and stated.item_code = items.code
where stated.phase_code = 'executed' and published.phase_code = 'executed'
