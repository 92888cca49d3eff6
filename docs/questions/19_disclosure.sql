-- zh: 谁公开了，什么格式？谁没有？
-- en: Who published, in which form; who did not?
-- asked by: 市民 — citizens
-- mart: mart_disclosure
-- 解读: 应公开的部门＝读到过任何一年报告的部门，加上参照表中的部门；该市有任何报告的年份都算应公开年份。文件本身没有发布日期，`first_seen_at` 是进入原始文件夹的时间。
-- reading: Expected are the departments of which any year was read and those of the reference table, in every year of which the city has any report. Files carry no date of publication; `first_seen_at` is when a file came into the raw folder.
select
    city_name,
    department_name,
    fiscal_year,
    disclosure_code as disclosure,
    regexp_replace(file_name, '^.*\.', '') as format,
    versions_count as versions,
    has_narrative as narrative,
    has_base_data as base_data,
    has_department_evaluation as department_form,
    projects_count as projects
from marts.mart_disclosure
order by disclosure_code desc, city_name, department_name, fiscal_year
limit 10
