"""Facts to a published DuckDB warehouse: the lake, the build, its audit, and the one rename that publishes it.

Belongs here: everything that writes the lake and the releases, and the lock that lets one run do so at a time.
Does not belong here: what a fact means (`facts`), whether it is believable (`quality`), and the SQL of rules and marts
(`dbt_project`).
"""

from pipelines.warehouse.audit import AuditError, audit
from pipelines.warehouse.build import ModelError, ModelResult, built_rows, load, model_results, results_path, run_models
from pipelines.warehouse.lake import LakeError, mend, merge
from pipelines.warehouse.publish import HeldError, Making, PublishError, needs_release, publish
from pipelines.warehouse.runs import LockedError, start_run, writer_lock

__all__ = [
    "AuditError",
    "HeldError",
    "LakeError",
    "LockedError",
    "Making",
    "ModelError",
    "ModelResult",
    "PublishError",
    "audit",
    "built_rows",
    "load",
    "mend",
    "merge",
    "model_results",
    "needs_release",
    "publish",
    "results_path",
    "run_models",
    "start_run",
    "writer_lock",
]
