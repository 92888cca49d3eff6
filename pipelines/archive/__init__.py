"""Raw files to content-addressed revisions, the register of every file ever seen, and the plan of what a night has to do.

Belongs here: scanning the raw folder, hashing and keeping bytes, deciding which revision of which file is current and what work
it needs. Does not belong here: opening a document, or knowing what a report says.
"""

from pipelines.archive.planning import plan
from pipelines.archive.register import RawFolderError, RegisterError, object_path, read_register
from pipelines.archive.selection import EVERYTHING, Selection, SelectionError

__all__ = [
    "EVERYTHING",
    "RawFolderError",
    "RegisterError",
    "Selection",
    "SelectionError",
    "object_path",
    "plan",
    "read_register",
]
