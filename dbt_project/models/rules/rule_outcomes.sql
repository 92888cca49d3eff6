-- Every outcome of every check for every report, with the names, severity and messages of the catalogue. A check that
-- compared nothing in a report is not_applicable there.
with outcomes as (
    select * from {{ ref('rule_sums') }}
    union all by name
    select * from {{ ref('rule_execution_rates') }}
    union all by name
    select * from {{ ref('rule_execution_scores') }}
    union all by name
    select * from {{ ref('rule_indicator_scores') }}
    union all by name
    select * from {{ ref('rule_grades') }}
    union all by name
    select * from {{ ref('rule_control_rates') }}
    union all by name
    select * from {{ ref('rule_years') }}
    union all by name
    select * from {{ ref('rule_indicator_agreement') }}
    union all by name
    select * from {{ ref('rule_goal_quantities') }}
    union all by name
    select * from {{ ref('rule_budget_adjustments') }}
    union all by name
    select * from {{ ref('rule_numbering') }}
    union all by name
    select * from {{ ref('rule_prior_years') }}
    union all by name
    select * from {{ ref('rule_final_accounts') }}
    union all by name
    select * from {{ ref('rule_three_public') }}
    union all by name
    select * from {{ ref('rule_stated_none') }}
    union all by name
    select * from {{ ref('rule_balances') }}
    union all by name
    select * from {{ ref('rule_consolidation') }}
    union all by name
    select * from {{ ref('rule_flags_figures') }}
    union all by name
    select * from {{ ref('rule_flags_indicators') }}
    union all by name
    select * from {{ ref('rule_flags_texts') }}
    union all by name
    select * from {{ ref('rule_red_flags') }}
),

completed as (
    select * from outcomes
    union all by name
    select
        checks.check_id,
        reports.report_id,
        'not_applicable' as outcome,
        case
            when exists (
                select 1 from outcomes as preferred
                where preferred.check_id = checks.unless_check_id and preferred.report_id = reports.report_id
            ) then 'covered'
            else 'no_figures'
        end as reason
    from {{ source('catalogue', 'checks') }} as checks
    cross join {{ ref('stg_reports') }} as reports
    where not exists (
        select 1 from outcomes
        where outcomes.check_id = checks.check_id and outcomes.report_id = reports.report_id
    )
),

named as (
    select
        checks.rule_id,
        completed.check_id,
        completed.report_id,
        completed.form_id,
        reports.city_code,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        forms.form_kind,
        forms.project_name,
        completed.subject,
        coalesce(completed.subject_zh, completed.subject, '') as subject_zh,
        coalesce(completed.subject_en, completed.subject, '') as subject_en,
        cast(completed.stated_value as decimal(18, 6)) as stated_value,
        cast(completed.computed_value as decimal(18, 6)) as computed_value,
        cast(completed.stated_value as decimal(18, 6)) - cast(completed.computed_value as decimal(18, 6)) as difference,
        completed.unit,
        completed.outcome,
        completed.reason,
        if(completed.outcome = 'round', 'low', coalesce(completed.severity, checks.severity)) as severity,
        cast(completed.tolerance as decimal(18, 6)) as tolerance,
        coalesce(completed.detail_zh, '') as detail_zh,
        coalesce(completed.detail_en, '') as detail_en,
        coalesce(completed.left_row_ids, []) as left_row_ids,
        coalesce(completed.right_row_ids, []) as right_row_ids,
        checks.message_zh as template_zh,
        checks.message_en as template_en
    from completed
    inner join {{ source('catalogue', 'checks') }} as checks
        on completed.check_id = checks.check_id
    inner join {{ ref('stg_reports') }} as reports
        on completed.report_id = reports.report_id
    left join {{ ref('stg_forms') }} as forms
        on completed.form_id = forms.form_id
),

worded as (
    select
        named.*,
        coalesce({{ spelled('named.stated_value', 'named.unit') }}, '—') as stated_text,
        coalesce({{ spelled('named.computed_value', 'named.unit') }}, '—') as computed_text,
        coalesce({{ spelled('named.difference', 'named.unit') }}, '—') as difference_text,
        if(named.outcome = 'deferred', '（待人工判断：' || reasons.zh || '）', '') as reason_zh,
        if(named.outcome = 'deferred', ' (For a person to decide: ' || reasons.en || '.)', '') as reason_en
    from named
    left join {{ source('catalogue', 'codes') }} as reasons
        on reasons.vocabulary = 'outcome_reason' and named.reason = reasons.code
)

select
    rule_id,
    check_id,
    report_id,
    form_id,
    city_code,
    department_id,
    department_name,
    fiscal_year,
    form_kind,
    project_name,
    subject,
    stated_value,
    computed_value,
    cast(difference as decimal(18, 6)) as difference,
    unit,
    outcome,
    reason,
    severity,
    tolerance,
    {{ message('zh') }} as message_zh,
    {{ message('en') }} as message_en,
    left_row_ids,
    right_row_ids
from worded
