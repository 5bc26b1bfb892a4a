"""Buttons that hand the numbers of a page over as files."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from metrics.export import as_csv, as_xlsx
from metrics.types import Answer

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def buttons(answers: Sequence[Answer], name: str) -> None:
    """Offer answers as CSV and as a workbook, made when they are asked for. name: of the file, without its ending."""
    with st.container(horizontal=True, gap="small"):
        for ending, kind, data in (
            ("csv", "text/csv", lambda: as_csv(answers).encode("utf-8-sig")),
            ("xlsx", XLSX, lambda: as_xlsx(answers)),
        ):
            st.download_button(
                ending.upper(), data, f"{name}.{ending}", kind, icon=":material/download:", type="tertiary", key=f"{name}_{ending}",
                on_click="ignore",
            )  # fmt: skip
