"""File names as people and their programs gave them.

Belongs here: which names are nobody's report, and the bytes of a name as text; alike for the raw folder and inside archives.
Does not belong here: what a name says about a report (city, year, format).
"""

from __future__ import annotations

import unicodedata

_TEMPORARY_PREFIXES = (".", "~$", "~WRL", ".~")
_TEMPORARY_SUFFIXES = ("~", ".tmp", ".swp", ".part", ".crdownload")
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def is_ignored(name: str) -> bool:
    """Whether a file or folder is hidden, an editor's temporary file or the system's own."""
    return name.startswith(_TEMPORARY_PREFIXES) or name.lower().endswith(_TEMPORARY_SUFFIXES) or name.lower() in _SYSTEM_FILES


def readable_name(raw: bytes, otherwise: str = "backslashreplace") -> str:
    """A file name as NFC text; names that are not UTF-8 come from old Windows archives and are GB 18030.

    `otherwise` says how the bytes of a name that is neither are shown.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", otherwise)
