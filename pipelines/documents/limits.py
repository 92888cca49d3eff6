"""Limits on what one untrusted file may cost.

Belongs here: the limits with their defaults, and the check of a table's size. Does not belong here: enforcing memory, time and
output of a process, see `child` and `sandbox`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Self

from pipelines.documents.model import DocumentError

if TYPE_CHECKING:
    from pipelines.settings import Settings

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Each limit is the setting `limit_<name>`; sizes in bytes, times in seconds for one file."""

    file_bytes: int = 50 * MEGABYTE
    zip_entries: int = 2000
    zip_depth: int = 3
    part_bytes: int = 100 * MEGABYTE
    inflated_bytes: int = 200 * MEGABYTE
    column_span: int = 64
    table_rows: int = 20_000
    table_cells: int = 200_000
    pdf_pages: int = 600
    ocr_pages: int = 60
    ocr_cpu_seconds: int = 300
    child_memory_bytes: int = 2048 * MEGABYTE
    child_cpu_seconds: int = 30
    child_wall_seconds: int = 60
    child_output_bytes: int = 64 * MEGABYTE

    may_recognise: bool = False  # no setting: see `for_recognition`

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that the settings give."""
        names = [entry.name for entry in fields(cls) if entry.name != "may_recognise"]
        return cls(**{name: getattr(settings, f"limit_{name}") for name in names})

    def for_recognition(self) -> Self:
        """Limits for a file whose pages are pictures: recognising characters takes seconds a page."""
        return replace(
            self,
            may_recognise=True,
            child_cpu_seconds=self.ocr_cpu_seconds,
            child_wall_seconds=max(self.child_wall_seconds, 2 * self.ocr_cpu_seconds),
        )

    def as_json(self) -> dict[str, int]:
        """The limits by name, for the way to a child process."""
        return asdict(self)

    def check_file(self, byte_count: int) -> None:
        """Raise DocumentError('too_large') where a file has more bytes than allowed."""
        if byte_count > self.file_bytes:
            raise DocumentError("too_large", f"the file has {byte_count:,} bytes, more than {self.file_bytes:,}")

    def check_output(self, byte_count: int) -> None:
        """Raise DocumentError('too_large') where the Document's JSON has more bytes than allowed."""
        if byte_count > self.child_output_bytes:
            raise DocumentError("too_large", f"the text read has {byte_count:,} bytes, more than {self.child_output_bytes:,}")

    def check_table(self, rows: int, cells: int) -> None:
        """Raise DocumentError('too_large') where a table has more rows or cells (covered places included) than allowed."""
        if rows > self.table_rows:
            raise DocumentError("too_large", f"a table has more than {self.table_rows:,} rows")
        if cells > self.table_cells:
            raise DocumentError("too_large", f"a table has more than {self.table_cells:,} cells")
