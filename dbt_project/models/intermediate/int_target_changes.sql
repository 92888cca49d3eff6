-- Whether a target was set low or lowered: the target and actual value of the same indicator a year before, and the target
-- that another form of the same report gives it (F20 tells which indicators are the same).
with named as (
    select
        indicators.row_id,
        indicators.report_id,
        indicators.form_id,
        indicators.form_kind,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        indicators.project_name,
        indicators.indicator_number,
        indicators.indicator_name,
        {{ plain_name('indicators.indicator_name') }} as compared_name,
        coalesce({{ plain_name('indicators.project_name') }}, '') as compared_project_name,
        indicators.target_raw,
        indicators.target_value,
        indicators.target_unit,
        indicators.actual_value,
        indicators.actual_unit,
        indicators.direction_code,
        indicators.ratio
    from {{ ref('int_indicator_scores') }} as indicators
    inner join {{ ref('int_reports') }} as reports
        on indicators.report_id = reports.report_id
    where reports.is_preferred and not {{ is_empty_text('indicators.indicator_name') }}
),

indicators as (
    select * from named
    qualify
        row_number() over (
            partition by report_id, form_kind, project_name, compared_name
            order by form_id, indicator_number
        ) = 1
),

-- Matched apart from the outer join, which DuckDB would make row by row for the condition that is no equality.
earlier_years as (
    select
        indicators.row_id as later_row_id,
        earlier.row_id,
        earlier.target_value,
        earlier.actual_value
    from indicators
    inner join indicators as earlier
        on
            indicators.city_code is not distinct from earlier.city_code
            and indicators.department_id = earlier.department_id
            and indicators.fiscal_year = earlier.fiscal_year + 1
            and indicators.form_kind = earlier.form_kind
            and indicators.compared_project_name = earlier.compared_project_name
            and indicators.compared_name = earlier.compared_name
    where {{ are_comparable(
        'indicators.target_value', 'indicators.target_unit', 'earlier.target_value', 'earlier.target_unit', 'indicators.indicator_name'
    ) }}
),

pairs as (
    select
        left_row_ids[1] as department_row_id,
        right_row_ids[1] as project_row_id,
        stated_value as department_target_value,
        computed_value as project_target_value
    from {{ ref('rule_indicator_agreement') }}
    where check_id = 'F20.target' and outcome <> 'not_applicable'
),

counterparts as (
    select
        department_row_id as row_id,
        arg_min(project_target_value, project_row_id) as other_form_target_value,
        min(project_row_id) as other_form_row_id
    from pairs
    group by department_row_id
    union all
    select
        project_row_id as row_id,
        arg_min(department_target_value, department_row_id) as other_form_target_value,
        min(department_row_id) as other_form_row_id
    from pairs
    group by project_row_id
)

select
    indicators.row_id,
    indicators.report_id,
    indicators.form_id,
    indicators.form_kind,
    indicators.city_code,
    indicators.department_id,
    indicators.department_name,
    indicators.fiscal_year,
    indicators.project_name,
    indicators.indicator_name,
    indicators.target_raw,
    indicators.target_value,
    indicators.target_unit,
    indicators.actual_value,
    cast(round(indicators.ratio * 100, 4) as decimal(18, 6)) as achievement_pct,
    earlier.target_value as earlier_target_value,
    earlier.actual_value as earlier_actual_value,
    {{ percentage('(indicators.target_value - earlier.target_value)', 'earlier.target_value') }} as target_change_pct,
    case
        when earlier.actual_value is null then null
        when indicators.direction_code = 'reach' then indicators.target_value < earlier.actual_value
        when indicators.direction_code = 'stay_below' then indicators.target_value > earlier.actual_value
    end as is_easier_than_earlier_actual,
    counterparts.other_form_target_value,
    earlier.row_id as earlier_row_id,
    counterparts.other_form_row_id
from indicators
left join earlier_years as earlier
    on indicators.row_id = earlier.later_row_id
left join counterparts
    on indicators.row_id = counterparts.row_id
where indicators.target_value is not null
