"""The one definition of every code, field, table and rule, as bilingual YAML, and what is rendered from it.

Belongs here: the YAML files, their typed access, and renderers of schemas, suites, dbt docs and the dictionary.
Does not belong here: reading, extracting or computing anything.
"""

from pipelines.catalogue.definitions import Catalogue, Check, Code, Field, Rule, Table, catalogue

__all__ = ["Catalogue", "Check", "Code", "Field", "Rule", "Table", "catalogue"]
