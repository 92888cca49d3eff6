-- One amount per report, item, fund source, phase and year where several forms state it: the form whose business it is
-- comes first, the project forms together count as one. Columns that may mean several phases keep their printed one; where a
-- form prints the phase itself, no other column of it stands for that phase. A named special fund without a value leaves the
-- sum of the special funds open.
with stated as (
    select
        report_id,
        form_id,
        form_kind,
        item_code,
        fund_source_code,
        coalesce(if(len(comparable_phases) = 1, comparable_phases[1], null), phase_code) as phase_code,
        phase_code as printed_phase_code,
        amount_year,
        figure_value as amount_wanyuan,
        row_ids
    from {{ ref('int_figures') }}
    where
        field_name = 'amount_wanyuan'
        and (figure_value is not null or (item_code = 'special_fund' and absence_code not in ('none', 'dash')))
),

figures as (
    select * from stated
    qualify
        phase_code = printed_phase_code
        or count(*) filter (where phase_code = printed_phase_code) over (
            partition by form_id, item_code, fund_source_code, phase_code, amount_year
        ) = 0
),

projects as (
    select
        report_id,
        count(*) as projects_count
    from {{ ref('stg_forms') }}
    where form_kind = 'project_evaluation'
    group by report_id
),

-- Rows of one item on one form (special funds by name) belong together, as do the forms of a report's projects where each of
-- them states the amount.
by_kind as (
    select
        figures.report_id,
        figures.form_kind,
        figures.item_code,
        figures.fund_source_code,
        figures.phase_code,
        figures.amount_year,
        any_value(figures.printed_phase_code) as printed_phase_code,
        cast(sum(figures.amount_wanyuan) as decimal(18, 6)) as amount_wanyuan,
        list_sort(flatten(list(figures.row_ids))) as row_ids
    from figures
    left join projects
        on figures.report_id = projects.report_id
    group by
        figures.report_id,
        figures.form_kind,
        figures.item_code,
        figures.fund_source_code,
        figures.phase_code,
        figures.amount_year,
        projects.projects_count
    having
        count(*) = count(figures.amount_wanyuan)
        and (
            figures.form_kind <> 'project_evaluation'
            or figures.fund_source_code <> 'all'
            or count(distinct figures.form_id) = projects.projects_count
        )
),

preferred as (
    select
        *,
        count(*) over same_figure as form_kinds_count,
        max(amount_wanyuan) over same_figure - min(amount_wanyuan) over same_figure as spread_wanyuan,
        row_number() over (
            same_figure
            order by
                case
                    when item_code in ('basic_expenditure', 'project_expenditure', 'personnel_funds')
                        then list_position(['narrative', 'department_evaluation', 'base_data'], form_kind)
                    when item_code = 'total'
                        then list_position(['department_evaluation', 'narrative', 'project_evaluation'], form_kind)
                    else list_position(['base_data', 'department_evaluation', 'narrative'], form_kind)
                end asc nulls last,
                form_kind asc
        ) as preference
    from by_kind
    window
        same_figure as (
            partition by report_id, item_code, fund_source_code, phase_code, amount_year
        )
)

select
    report_id,
    form_kind,
    item_code,
    fund_source_code,
    phase_code,
    printed_phase_code,
    amount_year,
    amount_wanyuan,
    form_kinds_count,
    cast(spread_wanyuan as decimal(18, 6)) as spread_wanyuan,
    row_ids
from preferred
where preference = 1
