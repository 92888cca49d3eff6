"""Readers measured against public tools on one report in many formats: `python -m benchmarks.readers --peers PYTHON`.

Belongs here: the files, an adapter for each tool, the scoring that is the same for all, and the page of results. Does not
belong here: any opinion on facts; only whether a table's figures stand in the right row below the right header.
"""
