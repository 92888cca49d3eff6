-- Every report with what a comparison has to know of it: which of several versions of a department's year to use, and
-- whether it is about the department with its subordinate units or about its own level alone.
with forms as (
    select
        report_id,
        list(distinct form_kind order by form_kind) as form_kinds,
        list(distinct template_id order by template_id) filter (where form_kind <> 'narrative') as template_ids,
        coalesce(bool_or(is_off_template), false) as has_off_template,
        count(distinct form_kind) filter (where form_kind <> 'narrative' or figures_extracted_count > 0) as kinds_count,
        cast(coalesce(sum(figures_extracted_count), 0) as integer) as figures_extracted_count,
        cast(coalesce(sum(figures_accepted_count), 0) as integer) as figures_accepted_count,
        cast(coalesce(sum(figures_quarantined_count), 0) as integer) as figures_quarantined_count,
        cast(coalesce(sum(figures_unmapped_count), 0) as integer) as figures_unmapped_count
    from {{ ref('stg_forms') }}
    group by report_id
),

described as (
    select
        reports.report_id,
        reports.file_report_ids,
        reports.file_name,
        reports.city_code,
        reports.city_name,
        reports.department_id,
        reports.department_name,
        reports.fiscal_year,
        reports.folder_year,
        reports.stated_year,
        reports.title_zh,
        reports.sha256,
        reports.media_type,
        reports.document_kind,
        reports.first_seen_at,
        reports.report_outcome,
        forms.form_kinds,
        forms.template_ids,
        coalesce(forms.has_off_template, false) as has_off_template,
        coalesce(forms.kinds_count, 0) as kinds_count,
        coalesce(forms.figures_extracted_count, 0) as figures_extracted_count,
        coalesce(forms.figures_accepted_count, 0) as figures_accepted_count,
        coalesce(forms.figures_quarantined_count, 0) as figures_quarantined_count,
        coalesce(forms.figures_unmapped_count, 0) as figures_unmapped_count,
        {{ scope_of('reports.title_zh', 'reports.department_name') }} as scope_code
    from {{ ref('stg_reports') }} as reports
    left join forms
        on reports.report_id = forms.report_id
)

select
    report_id,
    file_report_ids,
    file_name,
    city_code,
    city_name,
    department_id,
    department_name,
    fiscal_year,
    folder_year,
    stated_year,
    title_zh,
    sha256,
    media_type,
    document_kind,
    first_seen_at,
    report_outcome,
    form_kinds,
    template_ids,
    has_off_template,
    kinds_count,
    figures_extracted_count,
    figures_accepted_count,
    figures_quarantined_count,
    figures_unmapped_count,
    scope_code,
    cast(
        if(
            department_id is null or fiscal_year is null,
            1,
            count(*) over (partition by city_code, department_id, fiscal_year)
        ) as integer
    ) as versions_count,
    department_id is null or fiscal_year is null or row_number() over (
        partition by city_code, department_id, fiscal_year
        order by
            scope_code = 'own_level' asc,
            kinds_count desc,
            figures_accepted_count desc,
            first_seen_at desc,
            report_id asc
    ) = 1 as is_preferred
from described
