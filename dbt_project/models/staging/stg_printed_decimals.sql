-- Decimal places that a rate or score was printed with; 0 where it was printed whole.
with source as (
    select * from {{ source('facts', 'figure_cells') }}
),

renamed as (
    select
        row_id,
        field_name,
        max(length(regexp_extract(translate(raw_text, '０１２３４５６７８９．', '0123456789.'), '\d\.(\d+)', 1))) as decimals
    from source
    where
        field_name in (
            'execution_rate_reported_pct', 'execution_score_points', 'score_points', 'control_rate_reported_pct', 'change_pct'
        )
        and report_id in (select report_sets.report_id from {{ ref('stg_report_sets') }} as report_sets)
    group by row_id, field_name
)

select * from renamed
