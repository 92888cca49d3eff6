-- Decimal places that a rate or score was printed with; 0 where it was printed whole. A rate printed as a fraction (0.958) has
-- two fewer as a percentage.
with source as (
    select * from {{ source('facts', 'figure_cells') }}
),

evaluations as (
    select
        row_id,
        execution_rate_reported_pct
    from {{ source('facts', 'fact_evaluations') }}
),

printed as (
    select
        row_id,
        field_name,
        translate(raw_text, '０１２３４５６７８９．', '0123456789.') as plain_text
    from source
    where
        field_name in (
            'execution_rate_reported_pct', 'execution_score_points', 'score_points', 'control_rate_reported_pct', 'change_pct'
        )
        and report_id in (select report_sets.report_id from {{ ref('stg_report_sets') }} as report_sets)
),

renamed as (
    select
        printed.row_id,
        printed.field_name,
        max(
            length(regexp_extract(printed.plain_text, '\d?\.(\d+)', 1))
            - if(
                printed.field_name = 'execution_rate_reported_pct'
                and evaluations.execution_rate_reported_pct > 0
                and evaluations.execution_rate_reported_pct = 100 * try_cast(printed.plain_text as decimal(18, 6)),
                2,
                0
            )
        ) as places,
        greatest(places, 0) as decimals
    from printed
    left join evaluations
        on printed.row_id = evaluations.row_id
    group by printed.row_id, printed.field_name
)

select
    row_id,
    field_name,
    decimals
from renamed
