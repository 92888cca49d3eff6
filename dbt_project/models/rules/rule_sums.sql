-- Every sum and equality of the catalogue, by one query. A side of a check is the signed sum of the figures that its
-- terms take, one slot per phase and year; the two sides' slots that may mean the same phase are paired, the nearest
-- pair wins.
with checks as (
    select * from {{ source('catalogue', 'checks') }}
    where compare is not null
),

terms as (
    select * from {{ source('catalogue', 'check_terms') }}
),

sides as (
    select
        check_id,
        side,
        count(field_name) as figure_terms_count,
        count(*) filter (where is_required and constant is null) as required_terms_count,
        coalesce(sum(constant), 0) as constant
    from terms
    group by check_id, side
),

taken as (
    select
        checks.check_id,
        terms.side,
        terms.term_number,
        terms.is_required,
        sides.required_terms_count,
        terms.sign,
        figures.report_id,
        figures.form_id,
        if(checks.scope = 'form' or terms.side = 'stated', figures.form_id, null) as slot_form_id,
        if(checks.each_level1, figures.level1_code, null) as slot_level1_code,
        figures.phase_code,
        figures.amount_year,
        figures.figure_value,
        figures.absence_code,
        figures.comparable_phases,
        figures.row_ids
    from terms
    inner join checks
        on terms.check_id = checks.check_id
    inner join sides
        on terms.check_id = sides.check_id and terms.side = sides.side
    inner join {{ ref('int_figures') }} as figures
        on
            terms.field_name = figures.field_name
            and terms.item_code is not distinct from figures.item_code
            and terms.fund_source_code is not distinct from figures.fund_source_code
    where
        (terms.form_kind is null or terms.form_kind = figures.form_kind)
        and (terms.level1_code is null or terms.level1_code = figures.level1_code)
),

slots as materialized (
    select
        taken.check_id,
        taken.side,
        taken.report_id,
        taken.slot_form_id,
        taken.slot_level1_code,
        taken.phase_code,
        taken.amount_year,
        row_number() over () as slot_id,
        sum(taken.sign * taken.figure_value) as figure_value,
        coalesce(bool_or(taken.absence_code in ('blank', 'masked', 'unreadable')), false) as has_blank_part,
        min(taken.comparable_phases) as comparable_phases,
        list_sort(flatten(list(taken.row_ids) filter (where taken.figure_value is not null))) as row_ids
    from taken
    group by
        taken.check_id,
        taken.side,
        taken.report_id,
        taken.slot_form_id,
        taken.slot_level1_code,
        taken.phase_code,
        taken.amount_year
    having
        count(taken.figure_value) > 0
        and count(distinct taken.term_number) filter (where taken.is_required) >= any_value(taken.required_terms_count)
),

-- An inner join: with conditions beyond equality an outer one compares every slot with every other.
matches as (
    select
        stated.slot_id as stated_slot_id,
        computed.slot_id as computed_slot_id
    from slots as stated
    inner join slots as computed
        on stated.check_id = computed.check_id and stated.report_id = computed.report_id
    inner join checks
        on stated.check_id = checks.check_id
    where
        stated.side = 'stated'
        and computed.side = 'computed'
        and (checks.scope = 'report' or stated.slot_form_id = computed.slot_form_id)
        and stated.slot_level1_code is not distinct from computed.slot_level1_code
        and stated.amount_year is not distinct from computed.amount_year
        and (
            stated.phase_code is not distinct from computed.phase_code
            or (checks.phases = 'comparable' and list_has_any(stated.comparable_phases, computed.comparable_phases))
        )
    union all
    select
        stated.slot_id as stated_slot_id,
        null as computed_slot_id
    from slots as stated
    inner join sides
        on stated.check_id = sides.check_id and sides.side = 'computed'
    where stated.side = 'stated' and sides.figure_terms_count = 0
),

pairs as (
    select
        checks.check_id,
        checks.compare,
        checks.tolerance_kind,
        checks.phases,
        checks.unless_check_id,
        checks.subject_item_code,
        checks.subject_field_name,
        stated.report_id,
        stated.slot_form_id as form_id,
        stated.slot_level1_code as level1_code,
        stated.amount_year,
        if(stated.phase_code = 'unstated', coalesce(computed.phase_code, 'unstated'), stated.phase_code) as phase_code,
        stated.comparable_phases as stated_phases,
        computed.comparable_phases as computed_phases,
        stated.figure_value as stated_value,
        coalesce(computed.figure_value, 0) + constants.constant as computed_value,
        stated.figure_value - coalesce(computed.figure_value, 0) - constants.constant as difference,
        stated.has_blank_part or coalesce(computed.has_blank_part, false) as has_blank_part,
        greatest(len(stated.row_ids), coalesce(len(computed.row_ids), 0)) as figures_count,
        stated.row_ids as left_row_ids,
        coalesce(computed.row_ids, []) as right_row_ids,
        matches.computed_slot_id
    from matches
    inner join slots as stated
        on matches.stated_slot_id = stated.slot_id
    left join slots as computed
        on matches.computed_slot_id = computed.slot_id
    inner join checks
        on stated.check_id = checks.check_id
    inner join sides as constants
        on stated.check_id = constants.check_id and constants.side = 'computed'
    qualify
        row_number() over (
            partition by matches.stated_slot_id
            order by
                coalesce(stated.phase_code = computed.phase_code, false) desc,
                abs(stated.figure_value - coalesce(computed.figure_value, 0)) asc,
                {{ phase_order('computed.phase_code') }} asc
        ) = 1
),

-- A column that may mean several phases is compared once, with its nearest counterpart.
compared as (
    select * from pairs
    qualify
        coalesce(len(computed_phases), 1) = 1
        or row_number() over (
            partition by computed_slot_id
            order by abs(difference), {{ phase_order('phase_code') }}
        ) = 1
),

judged as (
    select
        *,
        if(len(stated_phases) < 3, stated_phases[1], null) as stated_phase_code,
        if(len(computed_phases) < 3, computed_phases[1], null) as computed_phase_code,
        case tolerance_kind when 'figure' then 0.01 * figures_count when 'cell' then 0.005 else 0 end as tolerance,
        case
            when abs(difference) <= if(tolerance_kind = 'exact', 0, 0.005) then 'ok'
            when compare = 'le' and difference < 0 then 'ok'
            when has_blank_part then 'deferred'
            when tolerance_kind = 'figure' and abs(difference) <= 0.01 * figures_count then 'round'
            else 'fail'
        end as outcome
    from compared
    where not exists (
        select 1 from compared as preferred
        where preferred.check_id = compared.unless_check_id and preferred.report_id = compared.report_id
    )
),

names as (
    select
        vocabulary,
        code,
        zh,
        en
    from {{ source('catalogue', 'codes') }}
    where vocabulary in ('item', 'phase', 'level1')
)

select
    judged.check_id,
    judged.report_id,
    judged.form_id,
    concat_ws(
        '/',
        coalesce(judged.level1_code, judged.subject_item_code, judged.subject_field_name),
        nullif(judged.phase_code, 'unstated'),
        if(judged.amount_year <> reports.fiscal_year, judged.amount_year, null)
    ) as subject,
    concat(
        if(judged.amount_year <> reports.fiscal_year, judged.amount_year || '年', ''),
        coalesce(levels.zh, items.zh, measures.zh),
        if(judged.phase_code <> 'unstated', '（' || phases.zh || '）', '')
    ) as subject_zh,
    concat(
        coalesce(levels.en, items.en, rtrim(measures.en, '.')),
        if(judged.phase_code <> 'unstated', ', ' || phases.en, ''),
        if(judged.amount_year <> reports.fiscal_year, ' of ' || judged.amount_year, '')
    ) as subject_en,
    judged.stated_value,
    judged.computed_value,
    measures.unit,
    judged.outcome,
    if(judged.outcome = 'deferred', 'blank_part', null) as reason,
    judged.tolerance,
    if(
        judged.phases = 'as_printed' and judged.stated_phases <> judged.computed_phases,
        '前者与同表' || coalesce(stated_phase.zh, '各阶段均不')
        || '相符，后者与' || coalesce(computed_phase.zh, '各阶段均不') || '相符。',
        ''
    ) as detail_zh,
    if(
        judged.phases = 'as_printed' and judged.stated_phases <> judged.computed_phases,
        'The first matches ' || coalesce(stated_phase.en, 'no phase')
        || ' on the same form, the second ' || coalesce(computed_phase.en, 'no phase') || '.',
        ''
    ) as detail_en,
    judged.left_row_ids,
    judged.right_row_ids
from judged
inner join {{ ref('stg_reports') }} as reports
    on judged.report_id = reports.report_id
inner join {{ source('catalogue', 'fields') }} as measures
    on judged.subject_field_name = measures.field_name
left join names as items
    on items.vocabulary = 'item' and judged.subject_item_code = items.code
left join names as levels
    on levels.vocabulary = 'level1' and judged.level1_code = levels.code
left join names as phases
    on phases.vocabulary = 'phase' and judged.phase_code = phases.code
left join names as stated_phase
    on stated_phase.vocabulary = 'phase' and judged.stated_phase_code = stated_phase.code
left join names as computed_phase
    on computed_phase.vocabulary = 'phase' and judged.computed_phase_code = computed_phase.code
