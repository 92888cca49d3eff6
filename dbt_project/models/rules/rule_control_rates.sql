-- F18: the printed staffing control rate beside in-post staff over quota; and, where the narrative tells of a cut in the
-- quota, the rate that would hold if the table still gives the quota before the cut.
with tables as (
    select
        personnel.*,
        coalesce(decimals.decimals, 2) as rate_decimals,
        {{ exact_ratio('personnel.in_post_count', 'personnel.staffing_quota_count') }} * 100 as rate_pct
    from {{ ref('stg_personnel') }} as personnel
    left join {{ ref('stg_printed_decimals') }} as decimals
        on personnel.row_id = decimals.row_id and decimals.field_name = 'control_rate_reported_pct'
    where personnel.form_kind = 'base_data' and personnel.staffing_quota_count > 0 and personnel.in_post_count is not null
),

cuts as (
    select
        tables.*,
        narratives.row_id as narrative_row_id,
        {{ exact_ratio('tables.in_post_count', '(tables.staffing_quota_count - narratives.quota_cut_count)') }} * 100
            as rate_after_cut_pct
    from tables
    inner join {{ ref('stg_personnel') }} as narratives
        on tables.report_id = narratives.report_id and narratives.form_kind = 'narrative'
    where narratives.quota_cut_count > 0
)

select
    'F18.rate' as check_id,
    report_id,
    form_id,
    'control_rate_reported_pct' as subject,
    control_rate_reported_pct as stated_value,
    {{ as_printed('rate_pct', 'rate_decimals') }} as computed_value,
    '%' as unit,
    if(abs(control_rate_reported_pct - rate_pct) <= {{ half_unit('rate_decimals') }}, 'ok', 'fail') as outcome,
    null as reason,
    {{ half_unit('rate_decimals') }} as tolerance,
    [row_id] as left_row_ids,
    [row_id] as right_row_ids
from tables
where control_rate_reported_pct is not null
union all
select
    'F18.quota_cut' as check_id,
    report_id,
    form_id,
    'control_rate_reported_pct' as subject,
    coalesce(control_rate_reported_pct, {{ as_printed('rate_pct', 'rate_decimals') }}) as stated_value,
    {{ as_printed('rate_after_cut_pct', 'rate_decimals') }} as computed_value,
    '%' as unit,
    'deferred' as outcome,
    'two_readings' as reason,
    {{ half_unit('rate_decimals') }} as tolerance,
    [row_id] as left_row_ids,
    [row_id, narrative_row_id] as right_row_ids
from cuts
