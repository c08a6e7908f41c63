"""A table as spreadsheets save it: CSV with commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ..errors import ManifestError

WRONG = "WRONG"
"""Among the cells of a row that cannot be used: why. No column's name has capitals."""
_DELIMITERS = ",;\t"


def read_table(path: Path, needed: tuple[str, ...]) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Lower-case column names, and the rows with something in them as (row number, cells by column).

    Rows count as in a spreadsheet: the header is row 1. Cells are stripped; missing ones are "". A row with
    more cells than columns says so as ``WRONG``. Raises ManifestError for a file that is no table or lacks a
    ``needed`` column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ManifestError(f"{path} is not UTF-8 text: save it as 'CSV UTF-8'.") from None
    except OSError as error:
        raise ManifestError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    if not text.strip():
        raise ManifestError(f"{path} is empty: it needs the columns {', '.join(needed)}.")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = _rows(path, text, delimiter)
    columns = [name.strip().lower() for name in next(rows, (1, []))[1]]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise ManifestError(f"{path} has no column '{missing[0]}': its first row must name the columns.")
    doubled = sorted({name for name in columns if name and columns.count(name) > 1})
    if doubled:
        raise ManifestError(f"{path} has the column '{doubled[0]}' twice: remove one.")
    return columns, ((row, _cells(columns, cells)) for row, cells in rows)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row, cells in enumerate(lines, 1):
            if any(cell.strip() for cell in cells):
                yield row, cells
    except csv.Error as error:
        raise ManifestError(f"{path} is no readable CSV ({error}): save it again.") from error


def _cells(columns: list[str], cells: list[str]) -> dict[str, str]:
    values = [cell.strip() for cell in cells] + [""] * len(columns)
    found = {name: value for name, value in zip(columns, values, strict=False) if name}
    if surplus := [value for value in values[len(columns) :] if value]:
        remedy = "quote the cell, or separate references with |"
        found[WRONG] = f"the row has more cells than columns ('{surplus[0]}'): {remedy}"
    return found
