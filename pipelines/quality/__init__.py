"""Great Expectations over the fact tables of what changed, and the quarantine of rows that fail.

Belongs here: the suites rendered from the catalogue, their evaluation, the split into accepted and quarantined rows, Data Docs.
Does not belong here: contradictions inside a report (rules of the warehouse), extraction, anything that knows Dagster.
"""

from pipelines.quality.quarantine import check_table, check_tables
from pipelines.quality.suites import fact_tables
from pipelines.quality.validation import SuiteError, Validation, validate

__all__ = ["SuiteError", "Validation", "check_table", "check_tables", "fact_tables", "validate"]
