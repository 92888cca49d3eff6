"""Observations to fact frames: one module per fact table, pure functions over Polars frames.

Belongs here: numbers, keys, row ids, duplicates, absences, and the conservation count.
Does not belong here: reading cells (forms), judging values (quality, rules).
"""

from pipelines.facts.extraction import build, extract_pending
from pipelines.facts.settlement import settle
from pipelines.facts.version import template_version

__all__ = ["build", "extract_pending", "settle", "template_version"]
