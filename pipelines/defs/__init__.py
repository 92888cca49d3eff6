"""Dagster's view of the night: assets with lineage, checks, job, schedule and sensor, and the same job run in process.

Belongs here: glue that calls one function of a room per asset. Does not belong here: logic of any stage. This module imports
nothing, so that naming the room costs nothing; `nightly`, `instance` and `assembly` are its entrances.
"""
