-- A report that lies in several files is one report: the narrative in one file, forms in others. Files of one department
-- and year make one set where no two of them bring the same form; where they do, they are versions of one
-- report and each stands for itself. `lead_report_id` names the set; it is the file with the narrative, else the one with
-- the main form.
with current_reports as (
    select
        report_id,
        city_code,
        department_id,
        fiscal_year
    from {{ source('facts', 'reports') }}
    where is_current and outcome <> 'rejected'
),

-- A title above a form makes a narrative without figures: that is no text of the report. Final accounts around a chapter on
-- performance are no form of it.
parts as (
    select
        current_reports.report_id,
        current_reports.city_code,
        current_reports.department_id,
        current_reports.fiscal_year,
        forms.form_kind,
        if(forms.form_kind = 'project_evaluation', coalesce(forms.project_name, ''), '') as project_name
    from current_reports
    inner join {{ source('facts', 'forms') }} as forms
        on current_reports.report_id = forms.report_id
    where forms.form_kind <> 'final_accounts' and (forms.form_kind <> 'narrative' or forms.figures_extracted_count > 0)
),

files_by_form as (
    select
        city_code,
        department_id,
        fiscal_year,
        count(distinct report_id) as files_count
    from parts
    group by city_code, department_id, fiscal_year, form_kind, project_name
),

repeated as (
    select distinct
        city_code,
        department_id,
        fiscal_year
    from files_by_form
    where files_count > 1
),

ranked as (
    select
        current_reports.*,
        min(
            case parts.form_kind
                when 'narrative' then 1 when 'department_evaluation' then 2 when 'base_data' then 3 else 4
            end
        ) as form_rank
    from current_reports
    left join parts
        on current_reports.report_id = parts.report_id
    group by all
),

grouped as (
    select
        ranked.report_id,
        ranked.form_rank,
        if(
            ranked.department_id is null or ranked.fiscal_year is null or repeated.department_id is not null,
            ranked.report_id,
            concat_ws('/', coalesce(ranked.city_code, ''), ranked.department_id, ranked.fiscal_year)
        ) as set_key
    from ranked
    left join repeated
        on
            ranked.city_code is not distinct from repeated.city_code
            and ranked.department_id = repeated.department_id
            and ranked.fiscal_year = repeated.fiscal_year
)

select
    report_id,
    first_value(report_id) over (partition by set_key order by coalesce(form_rank, 5), report_id) as lead_report_id
from grouped
