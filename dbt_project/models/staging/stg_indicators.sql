-- A score cell that is merged over several rows covers the weights of all of them.
with source as (
    select * from {{ source('facts', 'fact_indicators') }}
),

sharing as (
    select
        form_id,
        shares_score_with as indicator_number,
        sum(weight_points) as weight_points
    from source
    where shares_score_with is not null
    group by form_id, shares_score_with
),

renamed as (
    select
        source.row_id,
        report_sets.lead_report_id as report_id,
        source.form_id,
        source.form_kind,
        source.project_name,
        source.indicator_number,
        source.level1_code,
        source.level1_band_points,
        source.indicator_name,
        source.target_raw,
        source.target_operator,
        source.target_value,
        source.target_unit,
        source.target_absence_code,
        source.actual_raw,
        source.actual_operator,
        source.actual_value,
        source.actual_unit,
        source.weight_points,
        source.score_points,
        coalesce(sharing.weight_points, 0) as shared_weight_points,
        source.shares_score_with is not null or sharing.form_id is not null as is_score_shared,
        source.deviation_reason
    from source
    inner join {{ ref('stg_report_sets') }} as report_sets
        on source.report_id = report_sets.report_id
    left join sharing
        on source.form_id = sharing.form_id and source.indicator_number = sharing.indicator_number
)

select * from renamed
