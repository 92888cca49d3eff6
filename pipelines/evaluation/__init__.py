"""How right the reading is, and what it did not understand.

Belongs here: gold documents, read by a person, against what the pipeline makes of the same files, value by value; the measures
and their page in the docs; labels that no synonym covers and departments that no reference names. Does not belong here: any
reading of its own: documents, forms and facts are those of the night.
"""

from pipelines.evaluation.gold import NEGATIVES, Case, GoldError, cases, templates_of
from pipelines.evaluation.measures import fails, measure, misses
from pipelines.evaluation.publishing import is_enough_without, leave_one_out, page, percent
from pipelines.evaluation.running import Evaluation, evaluate, evaluate_without, read

__all__ = [
    "NEGATIVES",
    "Case",
    "Evaluation",
    "GoldError",
    "cases",
    "evaluate",
    "evaluate_without",
    "fails",
    "is_enough_without",
    "leave_one_out",
    "measure",
    "misses",
    "page",
    "percent",
    "read",
    "templates_of",
]
