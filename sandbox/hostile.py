"""A company whose every name and text tries to be something else than text: markup, a link, a formula, a command, a very long word.

Which field is hostile, and which cannot be by the vendor's contract, is said in sandbox.hostile_fields. The usual values stay beside the
hostile ones, so that KPIs that count some of them still have rows. Texts are longer than the vendors let them be.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from sandbox.jira_issue import AUTHOR
from sandbox.mixpanel_reports import FUNNELS, Funnel
from sandbox.tables import STATUSES, Company

ELSEWHERE = "http://evil.example"
RAN = "window.kbRan"
"""The flag that is set when a text was run."""
SHORT = (
    f"<script>{RAN}=1</script>",
    f"<img src=x onerror={RAN}=2>",
    f'"><svg onload={RAN}=3>',
    f"[click](javascript:{RAN}=4)",
    f"[away]({ELSEWHERE}/a)",
    f"![pixel]({ELSEWHERE}/p.png)",
    f'<a href="{ELSEWHERE}/b">b</a>',
    "$\\frac{1}{2}$",
    ":material/skull:",
    ":red[alarm]",
    ":rocket:",
    "# heading",
    "**bold** `code` ~~gone~~ | cell",
    "\u202egnp.exe\u202c",
    "nul\u0000bell\u0007esc\u001b[31m",
    f'=HYPERLINK("{ELSEWHERE}/h","pay")',
    "{{7*7}} ${7*7} {b} {c0} {a|rich}",
    "&lt;b&gt; &amp;amp;",
    f"--x_x--{RAN}=5--x_x--",
)
LONG = "w" * 10_000
"""One word, as long as a whole page."""
ALL = " ".join(SHORT)
"""Every short text at once, for fields that hold few different values."""
EVENTS = (*SHORT, ALL, LONG)
"""Names of events that somebody sends."""
FUNNEL = "7511"
"""A saved funnel whose steps are such events."""
RARE = 20
"""Of so many records one has the text, where the others must stay usual."""


@contextmanager
def renamed() -> Iterator[None]:
    """Give what all companies share hostile names: statuses, people, and a funnel of hostile events; take them back at the end."""
    shared: tuple[dict[str, Any], ...] = (STATUSES, AUTHOR, FUNNELS)
    before = [dict(one) for one in shared]
    for (key, (name, category)), text in zip(list(STATUSES.items()), (LONG, ALL, LONG, ALL, ALL, LONG), strict=True):
        STATUSES[key] = f"{name} {text}", category
    AUTHOR["displayName"] = ALL
    FUNNELS[FUNNEL] = Funnel(ALL, ("signup", *EVENTS), timedelta(days=14))
    try:
        yield
    finally:
        for one, usual in zip(shared, before, strict=True):
            one.clear()
            one.update(usual)


def spike(company: Company) -> Company:
    """Return the company with a hostile text in every text field that a vendor lets people fill in; what joins records stays as it is."""
    visits, actions = company.visits.copy(), company.actions.copy()
    session = pd.Series(np.arange(len(visits)), index=visits["session_id"])
    for frame in (visits, actions):
        number = frame["session_id"].map(session).to_numpy()
        frame["device"] = [_device(value, n) for value, n in zip(frame["device"], number, strict=True)]
        frame["channel"] = _worn(frame["channel"], number)
    visits["landing_page"] = _worn(visits["landing_page"], np.arange(len(visits)))
    visits["campaign"] = _campaigns(visits["campaign"])
    actions["page"] = _worn(actions["page"], np.arange(len(actions)))
    _spike_people(visits, actions)
    _spike_jira(company)
    return replace(company, visits=visits, actions=_with_more(actions))


def _device(value: str, number: int) -> str:
    """Return the device; a third of the desktops behind one of two texts, so that each has enough visitors to be compared."""
    return value if value != "desktop" or number % 3 else f"{ALL if number % 18 else LONG} {value}"


def _worn(values: pd.Series[Any], number: np.ndarray[Any, Any]) -> list[str]:
    """Return the values, a third of them behind a text: most behind all texts, so that they weigh something, and some behind one."""
    return [str(value) if n % 3 else f"{_text(n // 3)} {value}" for value, n in zip(values, number, strict=True)]


def _text(turn: int) -> str:
    return LONG if turn % 300 == 0 else ALL if turn % 3 else SHORT[turn // 3 % len(SHORT)]


def _campaigns(values: pd.Series[Any]) -> list[str]:
    """Return the campaigns: the real ones by three names, and each text alone as one more among the visits that nobody paid for."""
    found, texts = [], (*SHORT, LONG)
    for n, value in enumerate(values):
        is_real = not str(value).startswith("(")
        found.append(f"{('', ALL, LONG)[n % 3]} {value}".strip() if is_real else str(value) if n % 100 else texts[n // 100 % len(texts)])
    return found


def _spike_people(visits: pd.DataFrame, actions: pd.DataFrame) -> None:
    texts = (*SHORT, LONG)
    people = dict.fromkeys([*visits["user_id"], *actions["user_id"]])
    names = {person: f"{person} {texts[n // 2 % len(texts)]}" if n % 2 and n < 5_000 else person for n, person in enumerate(people)}
    for frame in (visits, actions):
        frame["user_id"] = frame["user_id"].map(names)


def _with_more(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the actions with events, ids, ratings and properties that the site's own code sends."""
    views = actions[actions["event"] == "page_view"]
    more = views.iloc[:: max(1, len(actions) // 200)].copy()
    more["event"] = [EVENTS[n % len(EVENTS)] for n in range(len(more))]
    more["insert_id"] = [f"spiked-{n} {EVENTS[n % len(EVENTS)]}" for n in range(len(more))]
    found = pd.concat([actions, more]).sort_values("time", kind="stable", ignore_index=True)
    texts = [EVENTS[n // RARE % len(EVENTS)] if n % RARE == 0 else None for n in range(len(found))]
    found["rating"] = pd.Series(texts, dtype=object)
    found["properties"] = pd.Series([None if text is None else {text: text} for text in texts], dtype=object)
    return found


def _spike_jira(company: Company) -> None:
    jira, texts = company.jira, (*SHORT, LONG, ALL)
    for n, issue in enumerate(jira.issues):
        text = texts[n % len(texts)]
        issue.summary = text
        label = text.replace(" ", "_")
        issue.labels = (*issue.labels, label, *([] if any(map(_names_kpi, issue.labels)) else [f"kpi:{label}"]))
        if issue.type != "Epic" and n % 3 == 0:
            issue.type = f"{issue.type} {texts[n // 3 % len(texts)]}"
        for change in issue.changes:
            if change.field_id == "status":
                change.from_name, change.to_name = f"{text} {change.from_name}", f"{text} {change.to_name}"
    for n, link in enumerate(jira.links):
        link.type = (ALL, LONG)[n % 2]
    for n, sprint in enumerate(jira.sprints):
        sprint.name, sprint.goal = f"{texts[(n - 7) % len(texts)]} {sprint.name}", (ALL, LONG)[n % 2]
    for n, version in enumerate(jira.versions):
        version.name, version.description = f"{(ALL, LONG)[n % 2]} {version.name}", (LONG, ALL)[n % 2]
    # the records of boards belong to every company
    jira.boards = [replace(board, name=f"{(ALL, LONG)[n % 2]} {board.name}") for n, board in enumerate(jira.boards)]
    jira.projects = {key: f"{name} {ALL} {LONG}" for key, name in jira.projects.items()}


def _names_kpi(label: str) -> bool:
    return label.startswith("kpi:")
