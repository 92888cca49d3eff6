-- Reports in force: the files that make each, what it is about, and whether it is the version to use.
select
    report_id,
    file_report_ids,
    file_name,
    sha256,
    media_type,
    document_kind,
    title_zh,
    city_code,
    department_id,
    department_name,
    fiscal_year,
    scope_code,
    form_kinds,
    template_ids,
    has_off_template,
    versions_count,
    is_preferred,
    first_seen_at
from {{ ref('int_reports') }}
