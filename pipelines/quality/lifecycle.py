"""What becomes of a figure once a person has decided on it, and of a decision once the source has changed.

Belongs here: states of rows that failed an expectation, and the table `corrections`: which decisions are applied, pending,
stale or unused. Does not belong here: single cells (`facts.observed` applies decisions on them), the files (`corrections`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from pipelines.catalogue import catalogue
from pipelines.catalogue.schemas import polars_schema
from pipelines.facts.decisions import text_key, value_column, with_decisions
from pipelines.quality.corrections import version_of, versions

# A row that breaks one of these is unlikely, not impossible; every other expectation holds the tables together.
RELEASABLE = frozenset({"expect_column_values_to_be_between", "expect_column_value_lengths_to_be_between"})
_NAMED_PLACES = ("page_number", "table_number", "row_number", "column_number", "line_number")
READABLE = ("conflicting_duplicate", "low_confidence")  # rules of figures that were read as a number
NOT_IN_FORCE = "no report in force is of the file"
NOTHING_HELD = "nothing at the place needs the decision"
READ_OTHERWISE = "the text at the place is read as another figure now"


def why_not_releasable(rule: str, reason: str) -> str | None:
    """Why a row of `quarantine` cannot be released, None where it can."""
    if rule in READABLE:
        return None
    if rule != "failed_expectation":
        return "no value could be read: correct or reject it"
    broken = sorted(set(re.findall(r"\b(expect_\w+)\(", reason)) - RELEASABLE)
    places = re.findall(rf"expect_column_values_to_be_between\(({'|'.join(_NAMED_PLACES)}|fiscal_year|amount_year)\b", reason)
    if broken or places:
        return f"the tables cannot hold the row ({', '.join([*broken, *places])}): correct or reject it"
    return None


def decide(rows: pl.DataFrame, reports: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Rows of `quarantine` that failed an expectation, with state and correction_id as people decided.

    A released row is a fact: its figures_quarantined_count is 0. `reports` names the files of the rows' reports.
    """
    files = reports.select("report_id", "file_name", "sha256")
    found = with_decisions(rows.drop("correction_id").join(files, on="report_id", how="left", maintain_order="left"), decisions)
    releasable = [why_not_releasable(*pair) is None for pair in rows.select("rule", "reason").iter_rows()]
    is_released = (pl.col("decision_code") == "release") & pl.Series(releasable, dtype=pl.Boolean)
    state = (
        pl.when(is_released)
        .then(pl.lit("released"))
        .when(pl.col("decision_code") == "reject")
        .then(pl.lit("rejected"))
        .otherwise("state")
    )
    return (
        found.with_columns(state=state)
        .with_columns(
            correction_id=pl.when(pl.col("state") != "open").then("correction_id"),
            figures_quarantined_count=pl.when(pl.col("state") == "released").then(0).otherwise("figures_quarantined_count"),
        )
        .select(pl.col(name).cast(kind) for name, kind in polars_schema("quarantine").items())
    )


def corrections(decisions: pl.DataFrame, facts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Table `corrections`: every decision with its state, sorted by correction_id.

    `facts` holds reports, figure_cells, quarantine, unmapped_labels and absent_values, at least all rows of the files that
    decisions name. A decision is
    `applied` where a cell or row carries its id, `pending` where the reports of its file were made by other decisions, `unused`
    where no report in force is of the file or the place needs no decision, `stale` where the place shows another text.
    """
    reports = facts["reports"].filter("is_current").select("report_id", "file_name", "sha256", "decisions_version")
    if decisions.is_empty():
        return pl.DataFrame(schema=polars_schema("corrections"))
    now = versions(decisions)
    held = pl.concat(
        [
            facts[name].select(
                "row_id", "report_id", "locator", "raw_text",
                table_name=pl.col("table_name") if "table_name" in facts[name].columns else pl.lit(None, pl.String),
                field_name=pl.col("field_name") if "field_name" in facts[name].columns else pl.lit(None, pl.String),
                correction_id=pl.col("correction_id") if "correction_id" in facts[name].columns else pl.lit(None, pl.String),
            )
            for name in ("quarantine", "figure_cells", "unmapped_labels", "absent_values")
        ]
    ).with_columns(expected_text=text_key("raw_text"))  # fmt: skip
    rows_of = held.filter(pl.col("correction_id").is_not_null()).group_by("correction_id").agg(pl.col("row_id").unique().sort())
    applied = dict(rows_of.iter_rows())
    rows = []
    for decision in decisions.sort("correction_id").iter_rows(named=True):
        key = "file_name" if decision["file_name"] else "sha256"
        of_file = reports.filter(pl.col(key) == decision[key])
        here = held.filter(pl.col("report_id").is_in(of_file["report_id"].implode()), locator=decision["locator"])
        same = here.filter(expected_text=decision["expected_text"])
        state, detail = "applied", None
        if decision["correction_id"] not in applied:
            state, detail = _unapplied(decision, of_file, here, same, now)
        elif not _is_taken_up(of_file, now):
            state = "pending"
        shown = same if same.height else here
        rows.append({
            **decision,
            "correction_state_code": state,
            "detail": detail,
            "figure_row_ids": applied.get(decision["correction_id"], []),
            "found_text": shown["raw_text"][0] if shown.height else None,
            "corrected_value": decision["value"],
        })  # fmt: skip
    schema = polars_schema("corrections")
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema, orient="row")


def _is_taken_up(of_file: pl.DataFrame, now: Mapping[str, str]) -> bool:
    """Whether the reports of a file were made by the decisions of now."""
    made = of_file.select("decisions_version", "file_name", "sha256")
    return all(made_by == version_of(now, file_name, sha256) for made_by, file_name, sha256 in made.iter_rows())


def _unapplied(
    decision: Mapping[str, object], of_file: pl.DataFrame, here: pl.DataFrame, same: pl.DataFrame, now: Mapping[str, str]
) -> tuple[str, str | None]:
    """State and detail of a decision that no figure carries."""
    if of_file.is_empty():
        return "unused", NOT_IN_FORCE
    if not _is_taken_up(of_file, now):
        return "pending", None
    if same.is_empty():
        return "stale", None
    is_same_figure = (pl.col("table_name") == decision["table_name"]) & pl.col("field_name").eq_missing(
        pl.lit(decision["field_name"], pl.String)
    )
    return "unused", NOTHING_HELD if same.filter(is_same_figure).height else READ_OTHERWISE


def commands(row: Mapping[str, object]) -> list[str]:
    """Decisions that a row of `quarantine` allows."""
    allowed = ["reject"]
    if why_not_releasable(str(row["rule"]), str(row["reason"])) is None:
        allowed.insert(0, "release")
    field = row["field_name"]
    column = value_column(str(field)) if field else None
    if column in catalogue().tables[str(row["table_name"])].column_names:
        allowed.insert(0, "correct")
    return allowed
