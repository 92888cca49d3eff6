-- F19: the years of titles, columns, texts and folder beside the year that the report is about.
with column_years as (
    select
        expenditures.report_id,
        expenditures.form_id,
        expenditures.phase_code,
        expenditures.amount_year,
        any_value(expenditures.column_label_zh order by expenditures.row_id) as column_label_zh,
        list(expenditures.row_id order by expenditures.row_id) as row_ids,
        row_number() over (
            partition by expenditures.form_id, expenditures.phase_code
            order by expenditures.amount_year desc
        ) - 1 as years_before
    from {{ ref('stg_expenditures') }} as expenditures
    where expenditures.form_kind = 'base_data' and expenditures.phase_code in ('budget', 'final_accounts')
    group by
        expenditures.report_id,
        expenditures.form_id,
        expenditures.phase_code,
        expenditures.amount_year
),

narrative_years as (
    select
        report_id,
        form_id,
        max(amount_year) as amount_year,
        list(row_id order by row_id) as row_ids
    from {{ ref('stg_expenditures') }}
    where form_kind = 'narrative'
    group by report_id, form_id
),

years as (
    select
        'F19.form_year' as check_id,
        forms.report_id,
        forms.form_id,
        'stated_year' as subject,
        forms.stated_year,
        reports.fiscal_year as expected_year,
        forms.title_zh as detail,
        [] as left_row_ids
    from {{ ref('stg_forms') }} as forms
    inner join {{ ref('stg_reports') }} as reports
        on forms.report_id = reports.report_id
    where forms.stated_year is not null and forms.form_kind <> 'narrative'
    union all
    select
        'F19.header_year' as check_id,
        column_years.report_id,
        column_years.form_id,
        column_years.phase_code as subject,
        column_years.amount_year as stated_year,
        reports.fiscal_year - column_years.years_before as expected_year,
        column_years.column_label_zh as detail,
        column_years.row_ids as left_row_ids
    from column_years
    inner join {{ ref('stg_reports') }} as reports
        on column_years.report_id = reports.report_id
    union all
    select
        'F19.narrative_year' as check_id,
        narrative_years.report_id,
        narrative_years.form_id,
        'amount_year' as subject,
        narrative_years.amount_year as stated_year,
        reports.fiscal_year as expected_year,
        '' as detail,
        narrative_years.row_ids as left_row_ids
    from narrative_years
    inner join {{ ref('stg_reports') }} as reports
        on narrative_years.report_id = reports.report_id
    union all
    select
        'F19.folder_year' as check_id,
        report_id,
        null as form_id,
        'folder_year' as subject,
        stated_year,
        folder_year as expected_year,
        file_name as detail,
        [] as left_row_ids
    from {{ ref('stg_reports') }}
    where stated_year is not null and folder_year is not null
)

select
    check_id,
    report_id,
    form_id,
    subject,
    stated_year as stated_value,
    expected_year as computed_value,
    '年' as unit,
    case
        when stated_year = expected_year then 'ok'
        when check_id = 'F19.folder_year' then 'flag'
        else 'fail'
    end as outcome,
    0 as tolerance,
    detail as detail_zh,
    detail as detail_en,
    left_row_ids
from years
