-- One figure per report, item and phase where several forms state it: the total from the department form, basic and
-- project expenditure from the narrative, and the other forms only where these are silent. Several project forms make a sum
-- only where each of them states the phase.
with stated as (
    select
        report_id,
        item_code,
        form_kind,
        unnest([
            {
                'phase_code': 'budget_initial',
                'amount_wanyuan': budget_initial_wanyuan,
                'row_ids': budget_initial_row_ids
            },
            {
                'phase_code': 'budget_final',
                'amount_wanyuan': budget_final_wanyuan,
                'row_ids': budget_final_row_ids
            },
            {
                'phase_code': 'executed',
                'amount_wanyuan': executed_wanyuan,
                'row_ids': executed_row_ids
            }
        ]) as figure
    from {{ ref('int_execution') }}
    where fund_source_code = 'all'
),

by_kind as (
    select
        report_id,
        item_code,
        form_kind,
        figure.phase_code,
        cast(sum(figure.amount_wanyuan) as decimal(18, 6)) as amount_wanyuan,
        list_sort(flatten(list(figure.row_ids))) as row_ids
    from stated
    group by report_id, item_code, form_kind, figure.phase_code
    having count(*) = count(figure.amount_wanyuan)
)

select
    report_id,
    item_code,
    phase_code,
    form_kind,
    amount_wanyuan,
    row_ids
from by_kind
qualify row_number() over (
    partition by report_id, item_code, phase_code
    order by
        case
            when form_kind = 'department_evaluation' then if(item_code = 'total', 1, 3)
            when form_kind = 'narrative' then 2
            else 4
        end
) = 1
