"""Files that a reading process sends while it unpacks an archive, written to disk as they come.

Belongs here: numbering and writing parts, and the limit on what is written. Does not belong here: what a part is called or
means (`zips`), the exchange itself (`sandbox`). The parent holds no more of a part than it got in one go.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO


class Spool:
    """Parts of one archive as files of a folder, named by their number from 0."""

    def __init__(self, folder: Path, allowed_bytes: int, allowed_parts: int) -> None:
        """Write into `folder`, which is made, no more than so many parts and bytes in all."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._left_bytes = allowed_bytes
        self._allowed_parts = allowed_parts
        self._count = 0
        self._missing = 0
        self._part: BinaryIO | None = None

    def begin(self, byte_count: int) -> bool:
        """Begin a part of that size; False where that is more than allowed."""
        if not 0 <= byte_count <= self._left_bytes or self._count == self._allowed_parts:
            return False
        self._left_bytes -= byte_count
        self._missing = byte_count
        self._part = (self._folder / str(self._count)).open("wb")
        self._count += 1
        return True

    def take(self, buffer: bytearray) -> bool:
        """Write what the buffer has of the part, if one is begun, and remove it there; whether the part is complete."""
        if self._part is not None:
            taken = buffer[: self._missing]
            self._part.write(taken)
            del buffer[: len(taken)]
            self._missing -= len(taken)
            if self._missing:
                return False
            self.close()
        return True

    def close(self) -> None:
        """Close the part at work."""
        if self._part is not None:
            self._part.close()
            self._part = None
