"""A dry run as JSON: kept with its file, shown by API and page in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from server.imports.check import Checked
from server.imports.sentences import sentence
from server.imports.table import Finding, Level

FINDINGS_MAX = 5_000
FINDINGS_PAGE = 500
SHOWN = 200


def keep(checked: Checked) -> dict[str, Any]:
    """The report as it is stored: codes and values, no sentences yet."""
    found = checked.findings[:FINDINGS_MAX]
    return {
        "options": asdict(checked.options),
        "columns": [{"name": name, "sample": sample} for name, sample in checked.samples()],
        "mapping": dict(checked.mapping),
        "counts": checked.counts,
        "blocked": checked.blocked,
        "findings": [_row(one) for one in found],
        "doubles": [[one.row, _other(one.other)] for one in checked.doubles],
    }


def _row(one: Finding) -> list[Any]:
    shown = one.value if len(one.value) <= SHOWN else one.value[: SHOWN - 1] + "…"
    return [one.row, one.column, shown, one.level.value, one.code, dict(one.fields)]


def _other(other: object) -> int | str:
    return other if isinstance(other, int) else str(other)


def findings(report: Mapping[str, Any], start: int = 0) -> tuple[list[dict[str, Any]], int | None]:
    """One page of findings with their sentences, and where the next page starts."""
    kept: Sequence[Sequence[Any]] = report["findings"]
    shown = [_said(one) for one in kept[start : start + FINDINGS_PAGE]]
    following = start + FINDINGS_PAGE
    return shown, following if following < len(kept) else None


def _said(one: Sequence[Any]) -> dict[str, Any]:
    row, column, value, level, code, fields = one
    found = Finding(row, column, value, Level(level), code, fields)
    return {
        "row": row,
        "column": column,
        "value": value,
        "level": level,
        "sentence": sentence(found),
    }
