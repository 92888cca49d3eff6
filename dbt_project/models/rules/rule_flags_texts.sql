-- R13 to R15 and R18: texts that say nothing of their own, and a title that promises more than the report holds.
with goals as (
    select
        form_id,
        report_id,
        string_agg(text, '' order by row_id) filter (where section_code = 'goal_expected') as expected_text,
        string_agg(text, '' order by row_id) filter (where section_code = 'goal_achieved') as achieved_text,
        list(row_id order by row_id) as row_ids
    from {{ ref('stg_narratives') }}
    where section_code in ('goal_expected', 'goal_achieved')
    group by form_id, report_id
),

compared_goals as (
    select
        form_id,
        report_id,
        expected_text,
        row_ids,
        regexp_replace(expected_text, '[\s\x{3000}]+', '', 'g') as expected_plain,
        regexp_replace(achieved_text, '[\s\x{3000}]+', '', 'g') as achieved_plain
    from goals
    where expected_text is not null and achieved_text is not null
),

repeated as (
    select
        repeated_sections.report_id,
        repeated_sections.section_code,
        section_names.zh as subject_zh,
        section_names.en as subject_en,
        repeated_sections.sentences_count,
        repeated_sections.repeated_sentences_count,
        repeated_sections.shared_sentences_count,
        greatest(repeated_sections.repeated_sentences_count, repeated_sections.shared_sentences_count) as found_count,
        repeated_sections.row_ids
    from {{ ref('int_repeated_sections') }} as repeated_sections
    left join {{ source('catalogue', 'codes') }} as section_names
        on section_names.vocabulary = 'section' and repeated_sections.section_code = section_names.code
    where repeated_sections.form_kind = 'narrative' and repeated_sections.sentences_count >= 3
),

hints as (
    select
        report_id,
        form_id,
        row_id,
        regexp_extract(
            concat_ws('', heading, text),
            '[（(][^（）()]{0,12}\d{2,4}字(?:以内|左右)[^（）()]{0,6}[)）]|[×XＸ]{2,}(?:单位|部门|局|项目|市|县)|[（(]此处[^（）()]{0,20}[)）]'
        ) as hint
    from {{ ref('stg_narratives') }}
),

hints_by_form as (
    select
        report_id,
        form_id,
        max(nullif(hint, '')) as hint,
        list(row_id order by row_id) filter (where hint <> '') as row_ids
    from hints
    group by report_id, form_id
),

titles as (
    select
        reports.report_id,
        count(*) filter (where forms.form_kind = 'project_evaluation') as projects_count,
        bool_or(forms.form_kind in ('department_evaluation', 'base_data')) as has_department_form
    from {{ ref('stg_reports') }} as reports
    inner join {{ ref('stg_forms') }} as forms
        on reports.report_id = forms.report_id
    where reports.title_zh like '%整体支出%'
    group by reports.report_id
),

judged as (
    select
        'R13.copied_goal' as check_id,
        report_id,
        form_id,
        'goal_achieved' as subject,
        cast(null as varchar) as subject_zh,
        cast(null as varchar) as subject_en,
        cast(null as integer) as stated_value,
        cast(null as integer) as computed_value,
        cast(null as varchar) as unit,
        if(expected_plain = achieved_plain and length(expected_plain) >= 12, 'flag', 'ok') as outcome,
        left(expected_text, 40) as detail_zh,
        left(expected_text, 40) as detail_en,
        row_ids
    from compared_goals
    union all
    select
        'R14.repeated_text' as check_id,
        report_id,
        null as form_id,
        section_code as subject,
        subject_zh,
        subject_en,
        found_count as stated_value,
        sentences_count as computed_value,
        '句' as unit,
        if(found_count >= 0.8 * sentences_count, 'flag', 'ok') as outcome,
        if(repeated_sentences_count >= shared_sentences_count, '与上年报告相同', '也见于其他部门的报告') as detail_zh,
        if(
            repeated_sentences_count >= shared_sentences_count,
            'stood in last year''s report', 'stand in another department''s report'
        ) as detail_en,
        row_ids
    from repeated
    union all
    select
        'R15.template_hints' as check_id,
        report_id,
        form_id,
        'text' as subject,
        null as subject_zh,
        null as subject_en,
        null as stated_value,
        null as computed_value,
        null as unit,
        if(hint is null, 'ok', 'flag') as outcome,
        hint as detail_zh,
        hint as detail_en,
        coalesce(row_ids, []) as row_ids
    from hints_by_form
    union all
    select
        'R18.projects_only' as check_id,
        report_id,
        null as form_id,
        'title_zh' as subject,
        null as subject_zh,
        null as subject_en,
        projects_count as stated_value,
        null as computed_value,
        '份' as unit,
        if(projects_count > 0 and not has_department_form, 'flag', 'ok') as outcome,
        '' as detail_zh,
        '' as detail_en,
        [] as row_ids
    from titles
)

select
    check_id,
    report_id,
    form_id,
    subject,
    subject_zh,
    subject_en,
    stated_value,
    computed_value,
    unit,
    outcome,
    detail_zh,
    detail_en,
    row_ids as left_row_ids,
    row_ids as right_row_ids
from judged
