"""Dagster's entry point: `dagster dev` and the daemon load `defs` from here.

Belongs here: nothing else; `defs.assembly` lists what there is.
"""

from pipelines.defs.assembly import definitions
from pipelines.settings import Settings

defs = definitions(Settings.load())
