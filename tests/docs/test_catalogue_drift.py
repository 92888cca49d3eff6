"""Rendered files are in step with the catalogue, and dbt's YAML and SQL speak of nothing that the catalogue does not know."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalogue import catalogue
from pipelines.catalogue.__main__ import main
from pipelines.catalogue.definitions import read_yaml
from pipelines.catalogue.rendering import doc_blocks, frames, read_marts, rendered
from pipelines.warehouse.models import build_in_memory, rendered_models

PROJECT = Path(__file__).parents[2]
MODELS = PROJECT / "dbt_project" / "models"
MARTS = {mart["name"]: mart for mart in read_marts(PROJECT)}


@pytest.mark.parametrize("relative", sorted(rendered(PROJECT)), ids=str)
def test_rendered_files_are_committed_as_rendered(relative: Path) -> None:
    committed = (PROJECT / relative).read_text(encoding="utf-8")
    assert committed == rendered(PROJECT)[relative], "run `python -m pipelines.catalogue render`"


def test_check_tells_whether_files_are_in_step() -> None:
    assert main(["check"]) == 0
    assert main(["reder"]) == 2


@pytest.mark.parametrize("mart", MARTS.values(), ids=MARTS.keys())
def test_every_mart_column_is_a_field_with_its_type_and_doc_block(mart: dict[str, Any]) -> None:
    fields = catalogue().fields
    for column in mart["columns"]:
        assert column["name"] in fields
        assert column["data_type"] == fields[column["name"]].type
        assert column["description"] == f"{{{{ doc('{column['name']}') }}}}"
    assert re.search("[\u4e00-\u9fff].*[a-z]", mart["description"]), "described in Chinese and in English"


def test_every_model_has_a_yaml_of_its_own_and_no_other() -> None:
    written = {path.with_suffix("") for path in MODELS.rglob("*.sql")}
    assert {path.with_suffix("") for path in MODELS.rglob("*.yml") if not path.name.startswith("_")} == written
    for path in written:
        assert [entry["name"] for entry in read_yaml(path.with_suffix(".yml"))["models"]] == [path.name]


def test_every_column_of_every_model_is_described() -> None:
    with build_in_memory({}, PROJECT / "dbt_project") as connection:
        for model in rendered_models(PROJECT / "dbt_project"):
            (path,) = MODELS.rglob(f"{model.name}.yml")
            (entry,) = read_yaml(path)["models"]
            assert re.search("[\u4e00-\u9fff].*[a-z].*Grain: ", entry["description"], re.DOTALL), model.name
            columns = [row[0] for row in connection.execute(f"describe {model.schema}.{model.name}").fetchall()]
            described = {column["name"]: column["description"] for column in entry["columns"]}
            assert list(described) == columns, f"{path}: name the model's columns in their order"
            assert described == {name: f"{{{{ doc('{name}') }}}}" for name in columns}
            assert set(columns) <= set(catalogue().fields), "describe new columns in pipelines/catalogue/fields.yml"


def test_marts_have_the_columns_of_their_yaml() -> None:
    with build_in_memory({}, PROJECT / "dbt_project") as connection:
        for name, mart in MARTS.items():
            described = [row[:2] for row in connection.execute(f"describe marts.{name}").fetchall()]
            assert described == [(column["name"], column["data_type"]) for column in mart["columns"]]


def test_every_check_is_computed_by_a_model() -> None:
    sql = "\n".join(model.sql for model in rendered_models(PROJECT / "dbt_project"))
    named = set(re.findall(r"'([FR]\d\d\.\w+)'", sql))
    checks = frames()["checks"]
    own = set(checks.filter(checks["compare"].is_null())["check_id"])
    assert named == own


def test_terms_name_fields_and_codes_that_exist() -> None:
    known, terms = catalogue(), frames()["check_terms"]
    assert set(terms["field_name"].drop_nulls()) <= set(known.fields)
    columns = {"item_code": "item", "fund_source_code": "fund_source", "form_kind": "form_kind", "level1_code": "level1"}
    for column, vocabulary in columns.items():
        assert set(terms[column].drop_nulls()) <= set(known.codes[vocabulary])


def test_outcome_reasons_and_severities_are_codes() -> None:
    sql = (MODELS / "rules").glob("*.sql")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sql)
    reasons = set(catalogue().codes["outcome_reason"])
    assert {reason for reason in reasons if f"'{reason}'" in text} == reasons
    assert set(frames()["checks"]["severity"]) <= set(catalogue().codes["severity"])


def test_doc_blocks_are_bilingual() -> None:
    blocks = doc_blocks(catalogue())
    assert "{% docs city_name %}\n城市名称 — Chinese name of the city.\n{% enddocs %}" in blocks
    formula = "公式 — Formula: final_wanyuan ÷ in_post_count, four places."
    text = f"人均“三公”经费（万元）（万元/人） — Three-public final accounts over in-post staff. {formula}"
    assert f"{{% docs per_head_wanyuan %}}\n{text}\n{{% enddocs %}}" in blocks
    assert blocks.count("{% enddocs %}") == len(catalogue().fields)


# Columns of marts that are no measures: they say where a row stands, not what is stated or calculated.
PLACES = {"first_day", "last_day", "calendar_day", "first_seen_at"}


@pytest.mark.parametrize("mart", MARTS.values(), ids=MARTS.keys())
def test_every_number_and_mark_of_a_mart_has_a_formula_or_a_source(mart: dict[str, Any]) -> None:
    fields = [catalogue().fields[column["name"]] for column in mart["columns"]]
    measures = [field for field in fields if not field.type.startswith("VARCHAR") and field.name not in PLACES]
    assert [field.name for field in measures if not (field.formula or field.source)] == []


def test_every_calculated_column_has_a_formula() -> None:
    calculated = re.compile(
        r"_calculated_|_pp$|per_head_|_z_score$|percentile|_rank$|_gap_|_share|^share|^unspent|^spread|^difference$|^mean_|^median_"
    )
    printed = re.compile(r"_reported_|^shares_score_with$")
    columns = {column["name"] for mart in MARTS.values() for column in mart["columns"]}
    columns |= {name for table in catalogue().tables.values() for name in table.column_names}
    fields = [field for name, field in sorted(catalogue().fields.items()) if name in columns and not printed.search(name)]
    of_kind = [field for field in fields if calculated.search(field.name) or field.name.endswith("_pct")]
    assert len(of_kind) > 20
    assert [field.name for field in of_kind if not field.formula] == []


def test_every_measure_of_a_fact_table_has_the_source_cell_of_its_form() -> None:
    groups = read_yaml(PROJECT / "pipelines" / "catalogue" / "tables.yml")["groups"]
    elsewhere = {name for columns in groups.values() for name in columns} | {"column_label_zh"}
    columns = {
        field.name: field
        for table in catalogue().tables.values()
        if table.holds_values
        for field in table.columns
        if field.name not in elsewhere
    }
    assert [name for name, field in columns.items() if not field.source] == []


def test_formulas_speak_of_columns_and_tables_that_exist() -> None:
    known = {*catalogue().fields, *catalogue().tables, *catalogue().reference, *MARTS, "catalogue", "reference"}
    known |= {code for codes in catalogue().codes.values() for code in codes} | set(catalogue().codes)
    for field in catalogue().fields.values():
        named = set(re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", re.sub(r"\b[FR]\d\d\.\w+", "", field.formula or "")))
        assert named <= known, field.name


def test_catalogue_holds_every_table_model_and_column_in_both_languages() -> None:
    tables = frames()["tables"]
    held = {(row["schema_name"], row["table_name"]): row for row in tables.iter_rows(named=True)}
    built = {(model.schema, model.name) for model in rendered_models(PROJECT / "dbt_project")}
    facts = {("facts", name) for name in (*catalogue().tables, *catalogue().decisions)}
    assert set(held) == built | facts | {("reference", name) for name in catalogue().reference}
    for row in held.values():
        assert re.search("[\u4e00-\u9fff]", row["zh"])
        assert re.search("[a-z]", row["en"])
        assert row["zh"] != row["en"], "a description is 中文。English. Grain: …"
        assert row["grain"]
    assert set(tables["column_name"]) <= set(frames()["fields"]["field_name"])
    staffing = tables.filter(tables["table_name"] == "mart_staffing")
    assert staffing.filter(staffing["is_key"])["column_name"].to_list() == ["report_id"]
    assert staffing["column_name"].to_list() == [column["name"] for column in MARTS["mart_staffing"]["columns"]]
