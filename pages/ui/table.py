"""Tables of a page. Streamlit's own download of a table is hidden (theme.py): its text could run as a formula in a spreadsheet; ours is guarded.

Cells that are numbers or days are drawn as the visitor reads them, and stay numbers and days: they sort as such, and numbers stand at the right.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from metrics import numerals
from metrics.export import lines_as_csv

PLACES = 3
"""Decimals of a number in a cell, at most."""


def show(
    rows: Sequence[Mapping[str, Any]], name: str, *, height: int | Literal["auto"] = "auto", columns: Mapping[str, Any] | None = None
) -> None:
    """Draw a table and offer it as a file. name: of the file, without its ending, and unique on the page."""
    draw(rows, name, height=height, columns=columns)
    st.download_button(
        "This table as CSV", lambda: lines_as_csv(rows).encode("utf-8-sig"), f"{name}.csv", "text/csv", icon=":material/table:", type="tertiary",
        key=f"table_{name}", on_click="ignore",
    )  # fmt: skip


def draw(
    rows: Sequence[Mapping[str, Any]], name: str, *, height: int | Literal["auto"] = "auto", columns: Mapping[str, Any] | None = None
) -> None:
    """Draw a small table, without a file."""
    st.dataframe(written(rows, name), hide_index=True, width="stretch", height=height, column_config=columns)


def written(rows: Sequence[Mapping[str, Any]], name: str) -> Styler:
    """Return the rows with words for the numbers and days in them. name: keeps the table the same from run to run."""
    frame = pd.DataFrame(list(rows))
    told: list[Hashable] = [column for column in frame.columns if any(_is_told(row.get(column)) for row in rows)]
    return Styler(frame, uuid=name).format(_cell, subset=told)


def _is_told(value: Any) -> bool:
    return isinstance(value, (int, float, date)) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    """Return a cell in words; beside numbers pandas keeps an absent one as NaN."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "–"
    if isinstance(value, date):
        return numerals.day(value)
    places = next(n for n in range(PLACES + 1) if n == PLACES or round(value, n) == round(value, PLACES))
    return numerals.fixed(value, places)
