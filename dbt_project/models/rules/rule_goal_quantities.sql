-- F21: a quantity in a goal text equals the indicator that counts the same thing (the indicator's name holds the measure
-- word and the object), and 超额完成 is claimed only where something was exceeded.
with indicators as (
    select
        *,
        unnest([
            {
                'check_id': 'F21.target',
                'goal_side_code': 'expected',
                'value': target_value,
                'unit': target_unit,
                'operator': target_operator
            },
            {
                'check_id': 'F21.achieved',
                'goal_side_code': 'achieved',
                'value': actual_value,
                'unit': actual_unit,
                'operator': actual_operator
            }
        ]) as face
    from {{ ref('stg_indicators') }}
),

linked as (
    select
        indicators.face.check_id,
        indicators.report_id,
        indicators.form_id,
        indicators.indicator_name,
        indicators.row_id as indicator_row_id,
        indicators.face.value as stated_value,
        goals.quantity_value as computed_value,
        goals.quantity_unit,
        goals.quantity_raw,
        goals.row_id as goal_row_id
    from indicators
    inner join {{ ref('stg_goals') }} as goals
        on
            indicators.form_id = goals.form_id
            and indicators.face.goal_side_code = goals.goal_side_code
            and contains(indicators.indicator_name, goals.quantity_unit)
            and contains(indicators.indicator_name, goals.quantity_object)
    where
        indicators.face.value is not null
        and coalesce(indicators.face.operator, '') not in ('range', 'qualitative')
        and (
            indicators.face.unit is null
            or contains(indicators.face.unit, goals.quantity_unit)
            or contains(goals.quantity_unit, indicators.face.unit)
        )
    qualify row_number() over (
        partition by indicators.row_id, indicators.face.check_id
        order by abs(indicators.face.value - goals.quantity_value), goals.row_id
    ) = 1
),

claims as (
    select
        report_id,
        form_id,
        row_id,
        regexp_matches(text, '超额') and not regexp_matches(text, '(未|没有|没能)(能)?超额') as is_claimed
    from {{ ref('stg_narratives') }}
    where section_code = 'goal_achieved'
),

-- What was set beside what was reached: quantities of the two goal texts first, indicators only where these are silent.
measured as (
    select
        expected.form_id,
        1 as precedence,
        concat_ws('', expected.quantity_object, '（' || expected.quantity_unit || '）') as subject,
        achieved.quantity_value as reached,
        expected.quantity_value as set_value,
        expected.quantity_unit as unit,
        expected.row_id as place,
        achieved.row_id as reached_row_id,
        expected.row_id as set_row_id
    from {{ ref('stg_goals') }} as expected
    inner join {{ ref('stg_goals') }} as achieved
        on
            expected.form_id = achieved.form_id
            and expected.quantity_unit = achieved.quantity_unit
            and expected.quantity_object = achieved.quantity_object
    where expected.goal_side_code = 'expected' and achieved.goal_side_code = 'achieved'
    union all
    select
        form_id,
        2 as precedence,
        indicator_name as subject,
        actual_value as reached,
        target_value as set_value,
        coalesce(actual_unit, target_unit) as unit,
        lpad(cast(indicator_number as varchar), 6, '0') as place,
        row_id as reached_row_id,
        row_id as set_row_id
    from {{ ref('stg_indicators') }}
    where
        target_operator in ('bare', 'ge', 'gt', 'eq')
        and {{ are_comparable('target_value', 'target_unit', 'actual_value', 'actual_unit', 'indicator_name') }}
),

best_measured as (
    select * from measured
    qualify row_number() over (
        partition by form_id
        order by precedence asc, reached > set_value desc, reached = set_value desc, place asc
    ) = 1
)

select
    check_id,
    report_id,
    form_id,
    indicator_name as subject,
    stated_value,
    computed_value,
    quantity_unit as unit,
    if(stated_value = computed_value, 'ok', 'fail') as outcome,
    null as reason,
    0 as tolerance,
    quantity_raw as detail_zh,
    quantity_raw as detail_en,
    [indicator_row_id] as left_row_ids,
    [goal_row_id] as right_row_ids
from linked
union all
select
    'F21.exceeded' as check_id,
    claims.report_id,
    claims.form_id,
    best_measured.subject,
    best_measured.reached as stated_value,
    best_measured.set_value as computed_value,
    best_measured.unit,
    case
        when not claims.is_claimed or best_measured.form_id is null then 'not_applicable'
        when best_measured.reached > best_measured.set_value then 'ok'
        else 'fail'
    end as outcome,
    case
        when not claims.is_claimed then 'no_claim'
        when best_measured.form_id is null then 'no_figures'
    end as reason,
    0 as tolerance,
    '' as detail_zh,
    '' as detail_en,
    if(best_measured.form_id is null, [claims.row_id], [claims.row_id, best_measured.reached_row_id]) as left_row_ids,
    if(best_measured.form_id is null, [], [best_measured.set_row_id]) as right_row_ids
from claims
left join best_measured
    on claims.form_id = best_measured.form_id
