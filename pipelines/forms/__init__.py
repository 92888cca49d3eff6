"""Documents to observations, driven by the templates in `templates/`.

Belongs here: cutting a Document into its forms, classifying them, and reading labelled cells and sentences. Templates and
vocabularies
are data: a new province is a YAML file and a golden document.
Does not belong here: file formats (documents), numbers and frames (facts).
"""

from pipelines.forms.extraction import extract, is_stated
from pipelines.forms.observations import Extraction, FormRecord, Observation

__all__ = ["Extraction", "FormRecord", "Observation", "extract", "is_stated"]
