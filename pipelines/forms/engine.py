"""Reads the cells of one form with its template.

Belongs here: which section begins at which row, and the order of reading. Does not belong here: what the cells of a section
mean (matrix, records, heads), file formats, numbers.

Every figure-bearing cell that no section takes is handed over as unmapped, so that no figure is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipelines.catalogue.definitions import normalise_label
from pipelines.forms.absence import absence_of
from pipelines.forms.generic import fits_closely, off_template_of
from pipelines.forms.headers import Header, header_at
from pipelines.forms.heads import read_heads
from pipelines.forms.labels import sections_named
from pipelines.forms.matrix import read_matrix, read_pairs
from pipelines.forms.observations import FormRecord, Observation, Unmapped
from pipelines.forms.reading import Reading
from pipelines.forms.records import read_records, read_totals
from pipelines.forms.segmentation import Region, Slice
from pipelines.forms.templates import Section, usage
from pipelines.forms.units import unit_in, unit_line


class FormReader:
    """Reads one region; `observations` and `unmapped` fill up section by section."""

    def __init__(self, region: Region, form: FormRecord, fiscal_year: int | None) -> None:
        """Make ready to read; `fiscal_year` is the year of amounts whose header names none."""
        self._reading = Reading(region, form, fiscal_year)

    @property
    def form(self) -> FormRecord:
        """The form, its heads and count of figures filled in by `read`."""
        return self._reading.form

    @property
    def observations(self) -> list[Observation]:
        """What was read, in the order of the sections."""
        return self._reading.observations

    @property
    def unmapped(self) -> list[Unmapped]:
        """Figures under labels that the template does not know."""
        return self._reading.unmapped

    def read(self) -> None:
        """Read every section of the region, then hand over the figures that none of them took."""
        reading = self._reading
        units = _stated_units(reading.region)
        of_form = reading.region.unit or unit_in(reading.region.title or "") or reading.region.template.unit
        read_heads(reading)
        carried: tuple[Section, Header] | None = None
        for piece in reading.region.slices:
            for section, header, last in self._sections(piece, carried):
                above = [unit for place, unit in units if place <= (piece.table_number, header.row)]
                reading.unit = (above or [of_form])[-1]
                _KINDS[section.kind](reading, section, header, piece, last)
                carried = (section, header)
        reading.hand_over_rest()

    def _sections(self, piece: Slice, carried: tuple[Section, Header] | None) -> list[tuple[Section, Header, int]]:
        """Sections of a slice with their headers, and the row before which each ends."""
        starts: list[tuple[int, Section, Header]] = []
        template = self._reading.region.template
        for index in range(piece.first, piece.last):
            if starts and index <= starts[-1][2].row:
                continue  # the second line of a header
            named = sections_named(template.template_id, (cell.text for cell in piece.table.rows[index] if cell.row == index))
            for section in template.sections:
                if section.id not in named or any(section.id == earlier.id for _, earlier, _ in starts):
                    continue
                header = header_at(section, piece, index)
                if header is not None:
                    starts.append((index, section, header))
                    for cell in (header.cell, *(headed.cell for headed in header.columns)):
                        self._reading.take_label(piece, cell)
                    break
        if carried is not None and (not starts or starts[0][0] > piece.first):
            section, header_before = carried
            starts.insert(0, (piece.first - 1, section, replace(header_before, row=piece.first - 1)))
        ends = [*(start for start, _, _ in starts), piece.last][1:]  # none where no section starts and none is carried
        return [(section, header, end) for (_, section, header), end in zip(starts, ends, strict=True)]


def read_form(region: Region, form: FormRecord, fiscal_year: int | None) -> FormReader:
    """Read a region with its template, and by labels alone where that template is a stranger to it.

    A stranger is a template that is not in use in the province and year or has few labels in the form, or one that leaves most
    figures without a label;
    the reading that leaves fewer figures counts. The reader's form says whether it is off template.
    """
    fresh = replace(form, heads=dict(form.heads), is_off_template=True)
    labels = {normalise_label(label) for label in region.labels()}
    form.is_off_template = not usage().holds(region.template) or not fits_closely(region.template, labels, region.title)
    reader = FormReader(region, form, fiscal_year)
    reader.read()
    other = off_template_of(region.template.form_kind)
    is_poor = 2 * len(reader.unmapped) > form.figures or (form.is_off_template and len(reader.unmapped) > 0)
    if not is_poor or other is None or region.template.is_off_template:
        return reader
    fresh.template_id = other.template_id
    again = FormReader(replace(region, template=other), fresh, fiscal_year)
    again.read()
    return again if len(again.unmapped) < len(reader.unmapped) else reader


def _read_texts(reading: Reading, section: Section, header: Header, piece: Slice, last: int) -> None:
    """Take the text beside the header's cell, or below the columns."""
    if section.section_code is not None:
        for beside in piece.table.rows[header.row]:
            if beside.row == header.row and beside is not header.cell and absence_of(beside.text) is None:
                reading.text(section.section_code, beside, header.cell.text)
        return
    for index in range(header.row + 1, last):
        for headed in header.columns:
            cell = piece.table.grid[index][headed.cell.column]
            if cell is not None and cell.row == index and cell is not header.cell and absence_of(cell.text) is None:
                reading.text(headed.column.section_code or "other", cell, headed.cell.text)


_KINDS: dict[str, Callable[[Reading, Section, Header, Slice, int], None]] = {
    "matrix": read_matrix,
    "records": read_records,
    "pairs": read_pairs,
    "texts": _read_texts,
    "totals": read_totals,
}


def _stated_units(region: Region) -> list[tuple[tuple[int, int], str]]:
    """Units of money that cells state for what stands below them, with table and row."""
    return [
        ((piece.table_number, cell.row), unit)
        for piece in region.slices
        for cell in piece.anchors()
        if (unit := unit_line(cell.text)) is not None
    ]
