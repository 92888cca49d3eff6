"""jixiao (绩效): a city's budget-performance reports as a DuckDB warehouse.

Belongs here: the rooms, which import one way (documents, forms, facts, quality, warehouse, then defs and cli); `catalogue` and
`settings` are read by all. This module itself holds nothing but the version, so that importing a room costs only that room.
"""

__version__ = "0.1.0"
