"""CSV as spreadsheets and people really write it: any usual encoding, separator and quoting."""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from server.imports.neutral import restore
from server.imports.signatures import IMPORT_MAX_ROWS
from server.imports.table import Finding, Level, Options, Record, Table, Unreadable

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252")
COLUMNS_MAX = 100
SAMPLE_ROWS = 50
RAW_SHOWN = 80

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DIRECTIVE = re.compile(r"^\s*\"?sep=(.)\"?[ \t,;]*(?:\r\n|\r|\n|$)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
BINARY_SHARE = 0.002


def read_csv(content: bytes, options: Options) -> Table:
    """Read the bytes as a table; options left empty are guessed and named in the result."""
    text, encoding = decode(content, options.encoding)
    text, told = _directive(text)
    delimiter = options.delimiter or told or guess_delimiter(text)
    rows, broken = _records(text, delimiter)
    table = tabulate(rows, replace(options, delimiter=delimiter, encoding=encoding))
    return replace(table, findings=(*table.findings, *broken))


def decode(content: bytes, wanted: str = "") -> tuple[str, str]:
    """The text and the name of its encoding; what decodes only to rubbish is refused."""
    for encoding in (wanted,) if wanted else _candidates(content):
        try:
            text = content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if len(_CONTROL.findall(text[:100_000])) > max(2, BINARY_SHARE * min(len(text), 100_000)):
            break
        return text.removeprefix("\ufeff"), encoding
    raise Unreadable("wrong_encoding", encoding=wanted) if wanted else Unreadable("binary")


def _candidates(content: bytes) -> tuple[str, ...]:
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return (encoding,)
    sample = content[:2000]
    # Text in UTF-16 without its mark: every second byte of plain letters is zero.
    if sample[1::2].count(0) > len(sample) * 0.3:
        return ("utf-16-le",)
    if sample[::2].count(0) > len(sample) * 0.3:
        return ("utf-16-be",)
    return ("utf-8", "windows-1252")


def _directive(text: str) -> tuple[str, str]:
    """Excel's first line `sep=;` is an instruction; it becomes an empty row, so numbers stay."""
    found = _DIRECTIVE.match(text)
    return (text[:0] + "\n" + text[found.end() :], found[1]) if found else (text, "")


def guess_delimiter(text: str) -> str:
    """The separator that cuts most rows of the sample into the same number of cells."""
    scores = [(_steadiness(text, delimiter), delimiter) for delimiter in DELIMITERS]
    best = max(scores, key=lambda score: score[0])
    return best[1] if best[0] > (0.0, 0) else DELIMITERS[0]


def _steadiness(text: str, delimiter: str) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    header = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if cells:
                header = header or len(cells)
                widths[len(cells)] += 1
            if widths.total() >= SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    if header < 2:
        return (0.0, 0)
    return (widths[header] / widths.total(), header)


def _records(text: str, delimiter: str) -> tuple[list[Record], list[Finding]]:
    """Every row, and a finding for each that is broken; one broken row never spoils the others."""
    lines = _Kept(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[Record] = []
    broken: list[Finding] = []
    number = 0
    while True:
        number += 1
        lines.forget()
        try:
            cells = next(reader)
        except StopIteration:
            return rows, broken
        except csv.Error as error:
            broken.append(_broken(number, lines, str(error)))
        else:
            rows.append(Record(number, tuple(tidy(cell) for cell in cells)))
        if number > IMPORT_MAX_ROWS + 1:
            raise Unreadable("too_many_rows", max_rows=IMPORT_MAX_ROWS)


class _Kept:
    """Lines on their way into the reader, kept so that a broken row can be shown."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.first = ""
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.first = self.first or line
        self.count += 1
        return line

    def forget(self) -> None:
        self.first = ""
        self.count = 0


def _broken(number: int, lines: _Kept, error: str) -> Finding:
    code = "cell_too_long" if "limit" in error else "quote_inside"
    if "unexpected end" in error:
        code = "quote_open"
    shown = lines.first.strip()[:RAW_SHOWN]
    return Finding(number, "", shown, Level.WRONG, code, {"lines": lines.count})


def tidy(cell: str) -> str:
    """One spelling of the same text: composed letters, ordinary spaces, none at the ends."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", cell.replace("\xa0", " ").replace("\u202f", " "))
    return restore(cell.replace("\r\n", "\n").strip())


def tabulate(rows: list[Record], options: Options) -> Table:
    """The first row that is not empty is the header; the others are brought to its length."""
    filled = [record for record in rows if any(record.cells)]
    if not filled:
        raise Unreadable("file_empty")
    head = filled[0]
    width = max(at + 1 for at, cell in enumerate(head.cells) if cell)
    width = max(width, _common_width(filled[1:]))
    if width > COLUMNS_MAX:
        raise Unreadable("too_many_columns", max_columns=COLUMNS_MAX)
    headers, findings = _headers(head, width)
    if len(filled) == 1:
        raise Unreadable("only_header")
    if len(filled) - 1 > IMPORT_MAX_ROWS:
        raise Unreadable("too_many_rows", max_rows=IMPORT_MAX_ROWS)
    records: list[Record] = []
    # Separators after the last column are harmless when the header or most rows have them too.
    usual, _ = Counter(len(record.cells) for record in filled[1:]).most_common(1)[0]
    longest = max(width, len(head.cells), usual)
    for record in filled[1:]:
        finding = _length(record, width, longest)
        if finding:
            findings.append(finding)
        if finding is None or finding.level is not Level.WRONG:
            cells = (*record.cells, *[""] * (width - len(record.cells)))[:width]
            records.append(Record(record.row, cells))
    return Table(headers, tuple(records), options, tuple(findings))


def _common_width(records: list[Record]) -> int:
    """How far most rows reach: columns without a header count when most rows use them."""
    if not records:
        return 0
    reach = Counter(max(at + 1 for at, cell in enumerate(r.cells) if cell) for r in records)
    width, times = reach.most_common(1)[0]
    return width if times * 2 > len(records) else 0


def _headers(head: Record, width: int) -> tuple[tuple[str, ...], list[Finding]]:
    headers: list[str] = []
    findings: list[Finding] = []
    for at in range(width):
        text = " ".join(head.cells[at].split()) if at < len(head.cells) else ""
        name = text or f"#{at + 1}"
        if not text:
            findings.append(Finding(head.row, name, "", Level.NOTE, "header_empty"))
        if name in headers:
            base, name = name, f"{name} ({headers.count(name) + 1})"
            while name in headers:
                name += "+"
            findings.append(Finding(head.row, base, "", Level.NOTE, "header_twice", {"now": name}))
        headers.append(name)
    return tuple(headers), findings


def _length(record: Record, width: int, longest: int) -> Finding | None:
    reach = max(at + 1 for at, cell in enumerate(record.cells) if cell)
    count: dict[str, str | int] = {"cells": len(record.cells), "columns": width}
    if reach > width or len(record.cells) > longest:
        extra = record.cells[reach - 1][:RAW_SHOWN]
        return Finding(record.row, "", extra, Level.WRONG, "row_long", count)
    if len(record.cells) < width:
        return Finding(record.row, "", "", Level.WARNING, "row_short", count)
    return None
