-- Every figure that sums and equalities compare, one row each: amounts, weights, scores and head counts. A place without
-- a value stands here with its absence. `comparable_phases` names the phases that a column may mean.
with amounts as (
    select
        report_id,
        form_id,
        form_kind,
        item_code,
        fund_source_code,
        phase_code,
        amount_year,
        amount_wanyuan as figure_value,
        cast(null as varchar) as absence_code,
        [row_id] as row_ids
    from {{ ref('stg_expenditures') }}
    union all
    select
        report_id,
        form_id,
        form_kind,
        item_code,
        fund_source_code,
        phase_code,
        amount_year,
        null as figure_value,
        absence_code,
        [row_id] as row_ids
    from {{ ref('stg_missing_amounts') }}
    union all
    -- A narrative states amounts fund by fund; their sum is its figure for all funds where it gives none itself.
    select
        report_id,
        form_id,
        form_kind,
        item_code,
        'all' as fund_source_code,
        phase_code,
        amount_year,
        sum(amount_wanyuan) as figure_value,
        null as absence_code,
        list(row_id order by row_id) as row_ids
    from {{ ref('stg_expenditures') }}
    where form_kind = 'narrative'
    group by report_id, form_id, form_kind, item_code, phase_code, amount_year
    having count(*) filter (where fund_source_code = 'all') = 0
),

-- An indicator with a weight and no score (or the reverse) is an open part of a sum; one with neither takes no part.
indicator_figures as (
    select
        report_id,
        form_id,
        form_kind,
        level1_code,
        row_id,
        unnest([
            { 'field_name': 'weight_points', 'figure_value': weight_points },
            { 'field_name': 'score_points', 'figure_value': score_points }
        ]) as figure
    from {{ ref('stg_indicators') }}
    where weight_points is not null or score_points is not null
),

evaluation_figures as (
    select
        report_id,
        form_id,
        form_kind,
        row_id,
        unnest([
            { 'field_name': 'execution_weight_points', 'figure_value': execution_weight_points },
            { 'field_name': 'execution_score_points', 'figure_value': execution_score_points },
            { 'field_name': 'total_weight_points', 'figure_value': total_weight_points },
            { 'field_name': 'total_score_points', 'figure_value': total_score_points }
        ]) as figure,
        execution_weight_points is not null as has_execution_weight
    from {{ ref('stg_evaluations') }}
),

personnel_figures as (
    select
        report_id,
        form_id,
        form_kind,
        row_id,
        unnest([
            { 'field_name': 'staffing_quota_count', 'figure_value': staffing_quota_count },
            { 'field_name': 'in_post_count', 'figure_value': in_post_count }
        ]) as figure
    from {{ ref('stg_personnel') }}
),

figures as (
    select
        report_id,
        form_id,
        form_kind,
        'amount_wanyuan' as field_name,
        item_code,
        fund_source_code,
        cast(null as varchar) as level1_code,
        phase_code,
        amount_year,
        figure_value,
        absence_code,
        row_ids
    from amounts
    union all by name
    select
        report_id,
        form_id,
        form_kind,
        figure.field_name,
        level1_code,
        figure.figure_value,
        if(figure.figure_value is null, 'blank', null) as absence_code,
        [row_id] as row_ids
    from indicator_figures
    union all by name
    select
        report_id,
        form_id,
        form_kind,
        'level1_band_points' as field_name,
        level1_code,
        max(level1_band_points) as figure_value,
        list(row_id order by row_id) as row_ids
    from {{ ref('stg_indicators') }}
    where level1_band_points is not null
    group by report_id, form_id, form_kind, level1_code
    union all by name
    select
        report_id,
        form_id,
        form_kind,
        figure.field_name,
        figure.figure_value,
        if(figure.figure_value is null, 'blank', null) as absence_code,
        [row_id] as row_ids
    from evaluation_figures
    where figure.figure_value is not null or (figure.field_name = 'execution_score_points' and has_execution_weight)
    union all by name
    select
        report_id,
        form_id,
        form_kind,
        figure.field_name,
        figure.figure_value,
        [row_id] as row_ids
    from personnel_figures
    where figure.figure_value is not null
),

blocked as (
    select
        *,
        case when phase_code = 'unstated' then if(fund_source_code = 'all', 'nature', 'source') end as block_code
    from figures
)

select
    figures.report_id,
    figures.form_id,
    figures.form_kind,
    figures.field_name,
    figures.item_code,
    figures.fund_source_code,
    figures.level1_code,
    figures.phase_code,
    figures.amount_year,
    cast(figures.figure_value as decimal(18, 6)) as figure_value,
    figures.absence_code,
    case figures.phase_code
        when 'final_accounts' then ['executed']
        when 'budget' then ['budget_initial', 'budget_final']
        when 'unstated' then coalesce(splits.phase_codes, ['budget_initial', 'budget_final', 'executed'])
        else if(figures.phase_code is null, null, [figures.phase_code])
    end as comparable_phases,
    figures.row_ids
from blocked as figures
left join {{ ref('int_split_phases') }} as splits
    on
        figures.form_id = splits.form_id
        and figures.amount_year = splits.amount_year
        and figures.block_code = splits.block_code
