-- F28: a consolidated figure is the sum of the department's own level and of its subordinate units, item by item, where
-- the report of every unit that the reference table names is loaded; where one is missing a person must decide.
with consolidated as (
    select * from {{ ref('int_reports') }}
    where scope_code = 'consolidated' and department_id is not null
),

members as (
    select
        consolidated.report_id as whole_report_id,
        parts.report_id as part_report_id,
        parts.department_id
    from consolidated
    inner join {{ ref('int_departments') }} as departments
        on
            consolidated.city_code is not distinct from departments.city_code
            and (
                consolidated.department_id = departments.supervising_department_id
                or consolidated.department_id = departments.department_id
            )
    inner join {{ ref('int_reports') }} as parts
        on
            departments.city_code is not distinct from parts.city_code
            and departments.department_id = parts.department_id
            and consolidated.fiscal_year = parts.fiscal_year
            and parts.scope_code <> 'consolidated'
            and (parts.scope_code = 'own_level' or consolidated.department_id <> parts.department_id)
),

wanted as (
    select
        consolidated.report_id as whole_report_id,
        count(*) as units_count
    from consolidated
    inner join {{ ref('int_departments') }} as departments
        on
            consolidated.city_code is not distinct from departments.city_code
            and consolidated.department_id = departments.supervising_department_id
    group by consolidated.report_id
),

summed as (
    select
        members.whole_report_id,
        amounts.item_code,
        amounts.phase_code,
        amounts.amount_year,
        cast(sum(amounts.amount_wanyuan) as decimal(18, 6)) as amount_wanyuan,
        count(distinct members.part_report_id) as parts_count,
        list_sort(flatten(list(amounts.row_ids))) as row_ids
    from members
    inner join {{ ref('int_expenditures') }} as amounts
        on members.part_report_id = amounts.report_id
    where amounts.fund_source_code = 'all'
    group by members.whole_report_id, amounts.item_code, amounts.phase_code, amounts.amount_year
)

select
    'F28.units' as check_id,
    wholes.report_id,
    wholes.item_code || '/' || wholes.phase_code as subject,
    items.zh || '（' || phases.zh || '）' as subject_zh,
    items.en || ', ' || phases.en as subject_en,
    wholes.amount_wanyuan as stated_value,
    summed.amount_wanyuan as computed_value,
    '万元' as unit,
    case
        when abs(wholes.amount_wanyuan - summed.amount_wanyuan) <= 0.005 then 'ok'
        when summed.parts_count <= wanted.units_count then 'deferred'
        when abs(wholes.amount_wanyuan - summed.amount_wanyuan) <= 0.01 * summed.parts_count then 'round'
        else 'fail'
    end as outcome,
    if(summed.parts_count <= wanted.units_count, 'missing_unit', null) as reason,
    0.01 * summed.parts_count as tolerance,
    '共' || summed.parts_count || '份报告。' as detail_zh,
    summed.parts_count || ' reports.' as detail_en,
    wholes.row_ids as left_row_ids,
    summed.row_ids as right_row_ids
from {{ ref('int_expenditures') }} as wholes
inner join summed
    on
        wholes.report_id = summed.whole_report_id
        and wholes.item_code = summed.item_code
        and wholes.phase_code = summed.phase_code
        and wholes.amount_year = summed.amount_year
inner join wanted
    on wholes.report_id = wanted.whole_report_id
inner join consolidated
    on wholes.report_id = consolidated.report_id and wholes.amount_year = consolidated.fiscal_year
left join {{ source('catalogue', 'codes') }} as items
    on items.vocabulary = 'item' and wholes.item_code = items.code
left join {{ source('catalogue', 'codes') }} as phases
    on phases.vocabulary = 'phase' and wholes.phase_code = phases.code
where wholes.fund_source_code = 'all'
