-- Fact rows of a report that an open contradiction stands on: a mart marks every figure made of them.
with sides as (
    select
        report_id,
        unnest(list_concat(left_row_ids, right_row_ids)) as row_id
    from {{ ref('rule_outcomes') }}
    where outcome = 'fail'
)

select
    report_id,
    list(distinct row_id order by row_id) as row_ids
from sides
group by report_id
