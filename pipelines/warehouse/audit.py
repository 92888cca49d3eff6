"""The last look at a built warehouse before it is let out: nothing lost, nothing unplaced, nothing inexact.

Belongs here: checks that hold for any reports, read-only. Does not belong here: whether a report is believable (`quality` and
the rules).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.catalogue import catalogue
from pipelines.settings import Settings
from pipelines.warehouse.build import warehouse_path
from pipelines.warehouse.lake import lake_row_counts
from pipelines.warehouse.models import rendered_models

if TYPE_CHECKING:
    import duckdb


class AuditError(RuntimeError):
    """The built warehouse must not be published; `failures` lists every check that failed, the message joins them."""

    def __init__(self, failures: list[str]) -> None:
        """Keep the failures, one text each."""
        super().__init__("the built warehouse is not published: " + "; ".join(failures))
        self.failures = failures


def audit(settings: Settings) -> dict[str, int]:
    """Check `build/warehouse.duckdb` and return {"tables": checked, "checks": made}.

    Checked: every table of the catalogue and every model of the dbt project is there; facts have the lake's row counts, their
    required columns and unique row_ids; each form's figures are conserved (extracted = accepted + quarantined + unmapped) and
    the counts agree with the rows of `figure_cells`, `quarantine` and `unmapped_labels`; every fact row has its source cell and
    every cell leads to a fact row; every finding's row_ids exist; no column of facts or models is a float but those that the
    catalogue defines so. Raises AuditError.
    """
    import duckdb

    with duckdb.connect(str(warehouse_path(settings)), read_only=True) as connection:
        found = {
            f"{schema}.{table}"
            for schema, table in connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        }
        reference = {f"reference.{table}" for table in catalogue().reference}
        facts = {f"facts.{table}" for table in (*catalogue().tables, *catalogue().decisions)}
        expected = facts | reference | _models(settings)
        missing = sorted(expected - found)
        failures = [f"table {name} is missing" for name in missing]
        # Without its tables no other check can be made.
        checks = [] if missing else _checks()
        for what, query in checks:
            offending = connection.execute(query).fetchall()
            if offending:
                failures.append(f"{what}: {len(offending)}, first {offending[0][0]}")
        failures += [] if missing else _wrong_counts(connection, settings)
    if failures:
        raise AuditError(failures)
    return {"tables": len(expected), "checks": len(checks) + len(catalogue().tables) + len(expected)}


def _models(settings: Settings) -> set[str]:
    """Schema and name of every model of the dbt project."""
    return {f"{model.schema}.{model.name}" for model in rendered_models(settings.project / "dbt_project")}


def _wrong_counts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    failures = []
    for table, expected in lake_row_counts(settings).items():
        row = connection.execute(f"select count(*) from facts.{table}").fetchone()
        if row is not None and row[0] != expected:
            failures.append(f"facts.{table} has {row[0]} rows, the lake {expected}")
    return failures


def _checks() -> list[tuple[str, str]]:
    """What to say where something is wrong, and a query that yields one column: the offending ids, none where all is well."""
    tables = catalogue().tables
    facts = [name for name, table in tables.items() if table.holds_values]
    identified = [name for name, table in tables.items() if "row_id" in table.column_names and name != "figure_cells"]
    fact_ids = " union all ".join(f"select row_id from facts.{name}" for name in facts)
    all_ids = " union all ".join(f"select row_id from facts.{name}" for name in identified)
    checks = [
        (f"facts.{name} has rows without {column}", f"select rowid from facts.{name} where {column} is null")
        for name, table in tables.items()
        for column in sorted(table.required)
    ]
    checks += [
        (f"facts.{name} has row_ids twice", f"select row_id from facts.{name} group by row_id having count(*) > 1")
        for name in identified
    ]
    checks += [
        (
            f"facts.{name} has rows without a source cell",
            f"select row_id from facts.{name} anti join facts.figure_cells using (row_id)",
        )
        for name in facts
    ]
    return [
        *checks,
        ("facts.figure_cells leads to no fact", f"select row_id from facts.figure_cells anti join ({fact_ids}) using (row_id)"),
        ("figures of forms are not conserved", _NOT_CONSERVED),
        ("marts.mart_findings names row_ids that no fact has", _FINDINGS_ROW_IDS.format(all_ids=all_ids)),
        ("columns that hold measures are floats", _FLOATS.format(allowed=_defined_floats())),
    ]


def _defined_floats() -> str:
    return ", ".join(f"'{field.name}'" for field in catalogue().fields.values() if field.type == "DOUBLE") or "''"


_NOT_CONSERVED = """
with accepted as (select form_id, count(*) as figures from facts.figure_cells where is_figure group by form_id),
quarantined as (select form_id, sum(figures_quarantined_count) as figures from facts.quarantine group by form_id),
unmapped as (select form_id, count(*) as figures from facts.unmapped_labels group by form_id)
select forms.form_id
from facts.forms
left join accepted using (form_id)
left join quarantined using (form_id)
left join unmapped using (form_id)
where forms.figures_accepted_count is distinct from coalesce(accepted.figures, 0)
    or forms.figures_quarantined_count is distinct from coalesce(quarantined.figures, 0)
    or forms.figures_unmapped_count is distinct from coalesce(unmapped.figures, 0)
    or forms.figures_extracted_count is distinct from
        forms.figures_accepted_count + forms.figures_quarantined_count + forms.figures_unmapped_count
"""

_FINDINGS_ROW_IDS = """
with named as (
    select unnest(coalesce(left_row_ids, []) || coalesce(right_row_ids, [])) as row_id from marts.mart_findings
)
select row_id from named anti join ({all_ids}) using (row_id)
"""

_FLOATS = """
select table_schema || '.' || table_name || '.' || column_name
from information_schema.columns
where regexp_matches(data_type, '^(DOUBLE|FLOAT|REAL)') and table_schema <> 'catalogue' and column_name not in ({allowed})
"""
