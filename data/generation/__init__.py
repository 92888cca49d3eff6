"""Drawn reports: from a seed, the figures, the words and the page of a report, and the facts that a reader must get from it.

Belongs here: what a report prints and what a person reads there. What forms look like stands in `families/*.yml`, taken from
printed forms; it is a second opinion beside the templates of `pipelines/forms`, which this package never looks at. Does not
belong here: anything that reads a report.
"""

from data.generation.drawing import Drawn, families
from data.generation.layout import Printed, printed
from data.generation.writing import FORMATS, write

__all__ = ["FORMATS", "Drawn", "Printed", "families", "printed", "write"]
