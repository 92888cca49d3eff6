-- F30: chapters are numbered from one without a gap and in one script, and the forms that the list of attachments names
-- are there.
with headings as (
    select
        report_id,
        form_id,
        split_part(section_number, '/', 1) as printed,
        min(line_number) as line_number,
        list(row_id order by row_id) as row_ids
    from {{ ref('stg_narratives') }}
    where form_kind = 'narrative' and section_number is not null
    group by report_id, form_id, split_part(section_number, '/', 1)
),

numbered as (
    select
        *,
        coalesce(
            try_cast(regexp_extract(printed, '\d+') as integer),
            list_position(
                [
                    '一', '二', '三', '四', '五', '六', '七', '八', '九', '十',
                    '十一', '十二', '十三', '十四', '十五', '十六', '十七', '十八', '十九', '二十'
                ],
                regexp_extract(printed, '[一二三四五六七八九十]+')
            )
        ) as chapter_number,
        if(regexp_matches(printed, '\d'), 'digits', 'hanzi') as script
    from headings
),

chapters as (
    select
        *,
        coalesce(
            lag(chapter_number) over (partition by form_id order by line_number, chapter_number), 0
        ) as number_before,
        mode(script) over (partition by form_id) as usual_script
    from numbered
    where
        chapter_number is not null
        -- Of final accounts only the chapter on performance is read: its number tells of no missing chapter.
        and report_id not in (
            select reports.report_id from {{ ref('stg_reports') }} as reports
            where regexp_matches(reports.title_zh, '(部门|单位)?决算')
        )
),

announced as (
    select
        narratives.report_id,
        narratives.form_id,
        narratives.row_id,
        kinds.form_kind,
        kinds.title_zh,
        kinds.title_en,
        len(regexp_extract_all(narratives.text, kinds.title_zh)) as announced_count
    from {{ ref('stg_narratives') }} as narratives
    cross join (
        values
        ('base_data', '基础数据表', 'base data table'),
        ('department_evaluation', '整体支出绩效自评表', 'department-wide self-evaluation form'),
        ('project_evaluation', '项目支出绩效自评表', 'project self-evaluation form')
    ) as kinds (form_kind, title_zh, title_en)
    where narratives.section_code = 'attachments'
),

found as (
    select
        report_id,
        form_kind,
        count(*) as found_count
    from {{ ref('stg_forms') }}
    group by report_id, form_kind
)

select
    'F30.sequence' as check_id,
    report_id,
    form_id,
    printed as subject,
    printed as subject_zh,
    printed as subject_en,
    chapter_number as stated_value,
    number_before + 1 as computed_value,
    '章' as unit,
    if(chapter_number > number_before + 1, 'fail', 'ok') as outcome,
    printed as detail_zh,
    printed as detail_en,
    row_ids as left_row_ids
from chapters
union all
select
    'F30.script' as check_id,
    report_id,
    form_id,
    printed as subject,
    printed as subject_zh,
    printed as subject_en,
    chapter_number as stated_value,
    null as computed_value,
    '章' as unit,
    if(script = usual_script, 'ok', 'flag') as outcome,
    printed as detail_zh,
    printed as detail_en,
    row_ids as left_row_ids
from chapters
union all
select
    'F30.attachments' as check_id,
    announced.report_id,
    announced.form_id,
    announced.form_kind as subject,
    announced.title_zh as subject_zh,
    announced.title_en as subject_en,
    announced.announced_count as stated_value,
    coalesce(found.found_count, 0) as computed_value,
    '份' as unit,
    if(announced.announced_count > coalesce(found.found_count, 0), 'fail', 'ok') as outcome,
    '' as detail_zh,
    '' as detail_en,
    [announced.row_id] as left_row_ids
from announced
left join found
    on announced.report_id = found.report_id and announced.form_kind = found.form_kind
where announced.announced_count > 0
