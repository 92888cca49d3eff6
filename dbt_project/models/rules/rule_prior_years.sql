-- F23: last year's column is what last year's own report gave, and a stated change is what the two years' figures give.
-- The base data table of one year is held against that of the other; only where it has no row, against the amount that the
-- report gives elsewhere.
with table_amounts as (
    select
        report_id,
        min(form_id) as form_id,
        item_code,
        'all' as fund_source_code,
        amount_year,
        cast(sum(figure_value) as decimal(18, 6)) as amount_wanyuan,
        list_sort(flatten(list(row_ids))) as row_ids
    from {{ ref('int_figures') }}
    where
        field_name = 'amount_wanyuan'
        and form_kind = 'base_data'
        and fund_source_code = 'all'
        and phase_code = 'final_accounts'
        and figure_value is not null
    group by report_id, item_code, amount_year
),

settled as (
    select
        expenditures.report_id,
        expenditures.item_code,
        expenditures.fund_source_code,
        expenditures.amount_year,
        if(table_figures.report_id is null, expenditures.amount_wanyuan, table_figures.amount_wanyuan) as amount_wanyuan,
        if(table_figures.report_id is null, expenditures.row_ids, table_figures.row_ids) as row_ids
    from {{ ref('int_expenditures') }} as expenditures
    left join table_amounts as table_figures
        on
            expenditures.report_id = table_figures.report_id
            and expenditures.item_code = table_figures.item_code
            and expenditures.amount_year = table_figures.amount_year
            and expenditures.fund_source_code = table_figures.fund_source_code
    where expenditures.phase_code = 'executed'
),

neighbours as (
    select
        own.report_id,
        own.fiscal_year,
        earlier.report_id as earlier_report_id
    from {{ ref('int_reports') }} as own
    inner join {{ ref('int_reports') }} as earlier
        on
            own.city_code is not distinct from earlier.city_code
            and own.department_id = earlier.department_id
            and own.fiscal_year = earlier.fiscal_year + 1
            and own.scope_code = earlier.scope_code
    where earlier.is_preferred
),

restated as (
    select
        own_columns.report_id,
        own_columns.form_id,
        own_columns.item_code,
        own_columns.amount_wanyuan as stated_value,
        settled.amount_wanyuan as computed_value,
        own_columns.row_ids as left_row_ids,
        settled.row_ids as right_row_ids
    from table_amounts as own_columns
    inner join neighbours
        on own_columns.report_id = neighbours.report_id and own_columns.amount_year = neighbours.fiscal_year - 1
    inner join settled
        on
            neighbours.earlier_report_id = settled.report_id
            and own_columns.item_code = settled.item_code
            and own_columns.amount_year = settled.amount_year
            and settled.fund_source_code = 'all'
),

-- The year before as this report gives it, else as last year's own report does.
two_years as (
    select
        own.report_id,
        own.item_code,
        own.fund_source_code,
        own.amount_year,
        own.amount_wanyuan,
        coalesce(stated.amount_wanyuan, reported.amount_wanyuan) as earlier_wanyuan,
        list_concat(own.row_ids, coalesce(stated.row_ids, reported.row_ids)) as row_ids
    from settled as own
    left join settled as stated
        on
            own.report_id = stated.report_id
            and own.item_code = stated.item_code
            and own.fund_source_code = stated.fund_source_code
            and own.amount_year = stated.amount_year + 1
    left join neighbours
        on own.report_id = neighbours.report_id and own.amount_year = neighbours.fiscal_year
    left join settled as reported
        on
            neighbours.earlier_report_id = reported.report_id
            and own.item_code = reported.item_code
            and own.fund_source_code = reported.fund_source_code
            and own.amount_year = reported.amount_year + 1
),

changes as (
    select
        changes.row_id,
        changes.report_id,
        changes.form_id,
        changes.item_code,
        changes.change_wanyuan,
        changes.change_pct,
        coalesce(decimals.decimals, 2) as change_decimals,
        two_years.amount_wanyuan - two_years.earlier_wanyuan as computed_wanyuan,
        {{ exact_ratio('(two_years.amount_wanyuan - two_years.earlier_wanyuan)', 'two_years.earlier_wanyuan') }} * 100
            as computed_pct,
        two_years.row_ids
    from {{ ref('stg_changes') }} as changes
    inner join two_years
        on
            changes.report_id = two_years.report_id
            and changes.item_code = two_years.item_code
            and changes.fund_source_code = two_years.fund_source_code
            and changes.amount_year = two_years.amount_year
    left join {{ ref('stg_printed_decimals') }} as decimals
        on changes.row_id = decimals.row_id and decimals.field_name = 'change_pct'
    where
        changes.change_basis_code = 'prior_year'
        and changes.phase_code in ('executed', 'final_accounts')
        and two_years.earlier_wanyuan is not null
),

judged as (
    select
        'F23.restated' as check_id,
        report_id,
        form_id,
        item_code,
        stated_value,
        computed_value,
        '万元' as unit,
        if(abs(stated_value - computed_value) <= 0.005, 'ok', 'fail') as outcome,
        0.005 as tolerance,
        left_row_ids,
        right_row_ids
    from restated
    union all
    select
        'F23.change' as check_id,
        report_id,
        form_id,
        item_code,
        change_wanyuan as stated_value,
        computed_wanyuan as computed_value,
        '万元' as unit,
        case
            when abs(change_wanyuan - computed_wanyuan) <= 0.005 then 'ok'
            when abs(change_wanyuan - computed_wanyuan) <= 0.02 then 'round'
            else 'fail'
        end as outcome,
        0.02 as tolerance,
        [row_id] as left_row_ids,
        row_ids as right_row_ids
    from changes
    where change_wanyuan is not null
    union all
    select
        'F23.change_pct' as check_id,
        report_id,
        form_id,
        item_code,
        change_pct as stated_value,
        {{ as_printed('computed_pct', 'change_decimals') }} as computed_value,
        '%' as unit,
        if(abs(change_pct - computed_pct) <= {{ half_unit('change_decimals') }}, 'ok', 'fail') as outcome,
        {{ half_unit('change_decimals') }} as tolerance,
        [row_id] as left_row_ids,
        row_ids as right_row_ids
    from changes
    where change_pct is not null and computed_pct is not null
)

select
    judged.check_id,
    judged.report_id,
    judged.form_id,
    judged.item_code as subject,
    items.zh as subject_zh,
    items.en as subject_en,
    judged.stated_value,
    judged.computed_value,
    judged.unit,
    judged.outcome,
    judged.tolerance,
    judged.left_row_ids,
    judged.right_row_ids
from judged
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and judged.item_code = items.code
