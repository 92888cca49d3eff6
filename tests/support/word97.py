"""Word 97 files made byte by byte, for tests of single features and of broken or hostile files.

Belongs here: the structures that the format asks for, each in its simplest form: a paragraph is a piece of text of its own,
with a property page of its own. Does not belong here: whole reports as an office writes them (`tests/fixtures`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.support.flattened import Placed

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
TEXT_PLACE = 1024
IN_TABLE, ROW_END, DEPTH, INNER_CELL, INNER_ROW = 0x2416, 0x2417, 0x6649, 0x244B, 0x244C
DELETED, HIDDEN, SYMBOL, FONT = 0x0800, 0x083C, 0x6A09, 0x4A4F
OUTLINE, HUGE, TABLE_SHAPE, VERTICAL_MERGE, MERGE, SPLIT = 0x2640, 0x6646, 0xD608, 0xD62B, 0x5624, 0x5625
WIDTH = 900  # twentieths of a point, of a grid's column
MERGE_FLAGS = {"restart": 0x60, "continue": 0x20, None: 0}
STORIES = ("footnote", "header", "macro", "comment", "endnote", "text box")  # after the body
STYLES, HEADERS, CHARACTER_PAGES, PARAGRAPH_PAGES, FONTS, PIECES = 1, 11, 12, 13, 15, 33


def sprm(operation: int, operand: bytes | int) -> bytes:
    """A property modifier; a number is one byte."""
    return struct.pack("<H", operation) + (bytes([operand]) if isinstance(operand, int) else operand)


@dataclass(frozen=True)
class P:
    """A paragraph with its mark; `runs` are (first character, last, properties), `own` is what its piece carries."""

    text: str
    properties: bytes = b""
    runs: Sequence[tuple[int, int, bytes]] = ()
    style: int = 0
    own: int = 0
    is_compressed: bool = False
    is_huge: bool = False  # properties go to the data stream


def cell(text: str, **more: object) -> P:
    """A paragraph that ends a cell."""
    return P(f"{text}\x07", sprm(IN_TABLE, 1), **more)  # type: ignore[arg-type]


def shape(edges: Sequence[int], flags: Sequence[int] = (), extra: bytes = b"") -> bytes:
    """Modifiers of a row's end: its cells' edges and, for as many cells as given, their merge flags."""
    cells = b"".join(struct.pack("<H18x", flag) for flag in flags)
    content = bytes([len(edges) - 1]) + struct.pack(f"<{len(edges)}h", *edges) + cells
    return sprm(TABLE_SHAPE, struct.pack("<H", len(content) + 1) + content) + extra


def row_end(edges: Sequence[int], flags: Sequence[int] = (), extra: bytes = b"", **more: object) -> P:
    """The paragraph that ends a row."""
    return P("\x07", sprm(IN_TABLE, 1) + sprm(ROW_END, 1) + shape(edges, flags, extra), **more)  # type: ignore[arg-type]


def write_doc(blocks: Iterable[str | list[list[Placed]]]) -> bytes:
    """Bytes of a Word 97 file of paragraphs and grids."""
    body: list[P] = []
    for block in blocks:
        body += [P(f"{block}\r")] if isinstance(block, str) else [part for row in block for part in _row(row)]
    return word97(body)


def _row(row: list[Placed]) -> list[P]:
    inside = sprm(IN_TABLE, 1)
    parts: list[P] = []
    for placed in row:
        *lines, last = placed.text.split("\n")
        parts += [*(P(f"{line}\r", inside) for line in lines), cell(last)]
    edges = [WIDTH * placed.start for placed in row] + [WIDTH * (row[-1].start + row[-1].span)]
    return [*parts, row_end(edges, [MERGE_FLAGS[placed.merge] for placed in row])]


def word97(
    body: Sequence[P],
    others: dict[str, Sequence[P]] | None = None,
    *,
    structures: dict[int, bytes] | None = None,
    records: Sequence[bytes] = (),
    flags: int = 0,
    is_shuffled: bool = False,
    kind: int = 0xA5EC,
) -> bytes:
    """A file; `others` are further stories by name, `structures` raw structures of the table stream by number.

    `records` are property lists for pieces' own modifiers; `is_shuffled` puts the text into the file backwards, as quick saves
    may.
    """
    stories = {name: list((others or {}).get(name, ())) for name in STORIES}
    paragraphs = [*body, *(paragraph for story in stories.values() for paragraph in story)]
    contents = [p.text.encode("cp1252" if p.is_compressed else "utf-16-le") for p in paragraphs]
    units = [len(content) // (1 if p.is_compressed else 2) for p, content in zip(paragraphs, contents, strict=True)]
    order = list(range(len(paragraphs)))
    places = [0] * len(paragraphs)
    text = bytearray()
    for number in reversed(order) if is_shuffled else order:
        text += b"\0" * (len(text) % 2)
        places[number] = TEXT_PLACE + len(text)
        text += contents[number]
    pages = bytearray()
    first_page = -(-(TEXT_PLACE + len(text)) // SECTOR)
    data = bytearray()
    by_place = sorted(order, key=places.__getitem__)
    paragraph_pages: list[tuple[int, int]] = []
    character_pages: list[tuple[int, int]] = []
    for number in by_place:
        p, place, end = paragraphs[number], places[number], places[number] + len(contents[number])
        properties = p.properties
        if p.is_huge:
            properties = sprm(HUGE, struct.pack("<I", len(data)))
            data += struct.pack("<H", len(p.properties)) + p.properties
        record = struct.pack("<H", p.style) + properties
        record += b"\0" * (len(record) % 2)
        paragraph_pages.append((place, first_page + len(pages) // SECTOR))
        pages += _page([place, end], bytes([0, len(record) // 2]) + record, 13)
        size = 1 if p.is_compressed else 2
        for first, last, found in p.runs:
            character_pages.append((place + first * size, first_page + len(pages) // SECTOR))
            pages += _page([place + first * size, place + last * size], bytes([len(found)]) + found, 1)
    main = bytearray(first_page * SECTOR) + pages
    main[TEXT_PLACE : TEXT_PLACE + len(text)] = text
    ends = [sum(units[: number + 1]) for number in order]
    descriptors = b"".join(
        struct.pack("<HIH", 0, 0x40000000 | place * 2 if p.is_compressed else place, p.own)
        for p, place in zip(paragraphs, places, strict=True)
    )
    index = struct.pack(f"<{len(ends) + 1}I", 0, *ends) + descriptors
    piece_table = b"".join(b"\x01" + struct.pack("<H", len(record)) + record for record in records)
    found = {
        PARAGRAPH_PAGES: _index(paragraph_pages, len(main)),
        CHARACTER_PAGES: _index(character_pages, len(main)),
        PIECES: piece_table + b"\x02" + struct.pack("<I", len(index)) + index,
    } | (structures or {})
    table = bytearray()
    struct.pack_into("<HH", main, 0, kind, 0xC1)
    struct.pack_into("<H", main, 0x0A, flags | 0x0200)
    counts = [sum(units[: len(body)])]
    begin = len(body)
    for story in stories.values():
        counts.append(sum(units[begin : begin + len(story)]))
        begin += len(story)
    struct.pack_into("<7i", main, 0x4C, *counts)
    for number, structure in found.items():
        struct.pack_into("<II", main, 0x9A + 8 * number, len(table), len(structure))
        table += structure
    return container({"WordDocument": bytes(main), "1Table": bytes(table), "Data": bytes(data)})


def fonts(*names: str) -> bytes:
    """The font table."""
    entries = [b"\0" * 39 + name.encode("utf-16-le") + b"\0\0" for name in names]
    return struct.pack("<HH", len(names), 0) + b"".join(bytes([len(entry)]) + entry for entry in entries)


def styles(*entries: tuple[str, int, int, bytes]) -> bytes:
    """The style sheet: name, built-in identity, style that it is based on, properties."""
    found = b""
    for name, identity, base, properties in entries:
        own = struct.pack("<H", 0) + properties
        style = struct.pack("<HHHHH", identity, 1 | base << 4, 1, 0, 0)
        style += struct.pack("<H", len(name)) + name.encode("utf-16-le") + b"\0\0" + struct.pack("<H", len(own)) + own
        found += struct.pack("<H", len(style)) + style + b"\0" * (len(style) % 2)
    return struct.pack("<HHH", 4, len(entries), 10) + found


def _page(ends: Sequence[int], record: bytes, entry_size: int) -> bytes:
    """A property page with one run."""
    page = bytearray(SECTOR)
    struct.pack_into("<2I", page, 0, *ends)
    place = (SECTOR - 1 - len(record)) // 2 * 2
    assert place >= 8 + entry_size
    page[8] = place // 2
    page[place : place + len(record)] = record
    page[-1] = 1
    return bytes(page)


def _index(pages: list[tuple[int, int]], end: int) -> bytes:
    return struct.pack(f"<{len(pages) + 1}I", *(place for place, _ in pages), end) + struct.pack(
        f"<{len(pages)}I", *(number for _, number in pages)
    )


def container(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file; every stream is padded, so that none is a small one with sectors of its own kind."""
    padded = {name: content.ljust(4096, b"\0") for name, content in streams.items() if content}
    # The header has room for 109 sectors of the sector table; what needs more gets larger sectors.
    size = SECTOR if sum(map(len, padded.values())) < 100 * SECTOR * SECTOR // 4 else 8 * SECTOR
    links = size // 4
    sectors = [-(-len(content) // size) for content in padded.values()]
    directory = -(-(len(padded) + 1) * 128 // size)
    tables = 1
    while tables * links < tables + directory + sum(sectors):
        tables += 1
    chain = [FAT] * tables + [*range(tables + 1, tables + directory), END]
    starts: list[int] = []
    for count in sectors:
        starts.append(len(chain))
        chain += [*range(len(chain) + 1, len(chain) + count), END]
    chain += [FREE] * (tables * links - len(chain))
    entries = [_entry("Root Entry", 5, 1, END, 0)]
    for number, (name, content) in enumerate(padded.items(), start=1):
        entries.append(_entry(name, 2, FREE, starts[number - 1], len(content), number + 1 if number < len(padded) else FREE))
    version, shift, counted = (3, 9, 0) if size == SECTOR else (4, 12, directory)
    header = MAGIC + struct.pack("<16xHHHHH6xI", 0x3E, version, 0xFFFE, shift, 6, counted)
    header += struct.pack("<II4xIIIII", tables, tables, 4096, END, 0, END, 0)
    header += struct.pack("<109I", *range(tables), *[FREE] * (109 - tables))
    body = struct.pack(f"<{len(chain)}I", *chain) + b"".join(entries).ljust(directory * size, b"\0")
    contents = (content.ljust(-(-len(content) // size) * size, b"\0") for content in padded.values())
    return header.ljust(size, b"\0") + body + b"".join(contents)


def _entry(name: str, kind: int, child: int, start: int, size: int, right: int = FREE) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBBIII36xIQ", encoded, len(encoded), kind, 1, FREE, right, child, start, size)
