-- F20: an indicator that stands on the department form and on a project form has the same target and actual value. Names
-- that differ slightly (Jaro-Winkler >= 0.85, same first level, same head noun) are matched one to one and reported with
-- less certainty.
with named as (
    select * from {{ ref('stg_indicators') }}
    where not {{ is_empty_text('indicator_name') }}
),

candidates as (
    select
        department.report_id,
        department.form_id,
        department.row_id as department_row_id,
        department.indicator_number as department_number,
        department.indicator_name as department_name,
        project.row_id as project_row_id,
        project.form_id as project_form_id,
        project.indicator_number as project_number,
        project.indicator_name as project_indicator_name,
        department.indicator_name = project.indicator_name as is_same_name,
        jaro_winkler_similarity(department.indicator_name, project.indicator_name) as similarity,
        [
            {
                'check_id': 'F20.target',
                'stated': department.target_value,
                'stated_unit': department.target_unit,
                'stated_operator': department.target_operator,
                'computed': project.target_value,
                'computed_unit': project.target_unit,
                'computed_operator': project.target_operator
            },
            {
                'check_id': 'F20.actual',
                'stated': department.actual_value,
                'stated_unit': department.actual_unit,
                'stated_operator': department.actual_operator,
                'computed': project.actual_value,
                'computed_unit': project.actual_unit,
                'computed_operator': project.actual_operator
            }
        ] as faces
    from named as department
    inner join named as project
        on department.report_id = project.report_id
    where
        department.form_kind = 'department_evaluation'
        and project.form_kind = 'project_evaluation'
        and (
            department.indicator_name = project.indicator_name
            or (
                department.level1_code = project.level1_code
                and right(department.indicator_name, 2) = right(project.indicator_name, 2)
                and jaro_winkler_similarity(department.indicator_name, project.indicator_name) >= 0.85
            )
        )
),

matched as (
    select * from candidates
    qualify
        row_number() over (
            partition by department_row_id, project_form_id
            order by is_same_name desc, similarity desc, abs(department_number - project_number) asc, project_number asc
        ) = 1
        and row_number() over (
            partition by project_row_id, form_id
            order by is_same_name desc, similarity desc, abs(department_number - project_number) asc, department_number asc
        ) = 1
),

unnested as (
    select
        matched.* exclude (faces),
        unnest(matched.faces) as face
    from matched
),

compared as (
    select
        *,
        {{ are_comparable('face.stated', 'face.stated_unit', 'face.computed', 'face.computed_unit', 'department_name') }}
        and coalesce(face.stated_operator, '') not in ('range', 'qualitative')
        and coalesce(face.computed_operator, '') not in ('range', 'qualitative') as is_comparable,
        sum(face.computed) over (partition by department_row_id, face.check_id) as projects_sum
    from unnested
)

select
    face.check_id,
    report_id,
    form_id,
    department_name as subject,
    face.stated as stated_value,
    face.computed as computed_value,
    coalesce(face.stated_unit, face.computed_unit) as unit,
    case
        when not is_comparable then 'not_applicable'
        when face.stated in (face.computed, projects_sum) then 'ok'
        else 'fail'
    end as outcome,
    if(is_comparable, null, 'not_comparable') as reason,
    if(is_same_name, 'critical', 'high') as severity,
    0 as tolerance,
    if(is_same_name, '', '（两表指标名称略有不同，后者为“' || project_indicator_name || '”。）') as detail_zh,
    if(is_same_name, '', '(The names differ slightly; the project form says “' || project_indicator_name || '”.)') as detail_en,
    [department_row_id] as left_row_ids,
    [project_row_id] as right_row_ids
from compared
