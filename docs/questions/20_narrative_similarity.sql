-- zh: 问题与承诺是否年年照抄？
-- en: Are problems and promises repeated every year?
-- asked by: 记者 — journalists
-- mart: mart_narrative_similarity
-- 解读: 按句比对，去掉数字与空白，12 字以下的句子不算；`repeated` 对上年自己的报告，`shared` 对同年其他部门的报告。没有上年报告时 `repeated` 为空。`promises` 是“将、拟、下一步、计划、力争、确保”的出现次数，只供检索。
-- reading: Compared sentence by sentence without numbers and white space; sentences under 12 characters do not count. `repeated` is against the department's own report of the year before (empty where there is none), `shared` against other departments of the same year. `promises` counts words like 将, 拟, 下一步 and only helps to search.
select
    department_name,
    fiscal_year,
    section_name,
    sentences_count as sentences,
    round(repeated_from_prior_year_pct, 1) as repeated_pct,
    round(shared_with_others_pct, 1) as shared_pct,
    numbers_count as numbers,
    promises_count as promises
from marts.mart_narrative_similarity
where section_code in ('problems', 'improvement') and sentences_count > 0
order by repeated_from_prior_year_pct desc nulls last, shared_with_others_pct desc nulls last, department_name, fiscal_year, section_code
limit 10
