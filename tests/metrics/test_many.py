"""Many questions at once, and questions asked again: the same answers, fewer statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from errors import QueryError
from metrics import kept
from metrics.kept import Kept
from metrics.types import Period, Question
from tests.metrics.engines import load, opened

DEFINITIONS = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
  people: {table: events, agg: count_distinct, column: user_id}
  views: {table: events, agg: count, where: {event: view}}
kpis:
  sessions: {value: sessions}
  conversion: {numerator: purchases, denominator: sessions}
  mobile: {value: sessions, where: {device: mobile}}
  people: {value: people}
  weekly: {value: people, window: 7d}
  views: {value: views, fill: zero}
  views_per_session: {formula: views / sessions}
"""
D = date(2026, 1, 5)
WEEK = Period(D, D + timedelta(days=7))
FACTS = {
    "web_traffic": [
        {"day": D + timedelta(days=n), "device": ("mobile", None)[n % 2], "sessions": n + 1, "key_events": n} for n in range(9)
    ],
    "events": [
        {"day": D + timedelta(days=n % 7), "event": ("view", "buy")[n % 2], "user_id": "abc"[n % 3], "device": "mobile"} for n in range(20)
    ],
}
NAMES = ("sessions", "conversion", "mobile", "people", "weekly", "views", "views_per_session")


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    kept.answers.clear()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that read facts."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("by", [(), ("device",)])
def test_many_questions_get_the_answers_of_each_alone(engine: Engine, tmp_path: Path, by: tuple[str, ...]) -> None:
    with opened(tmp_path, DEFINITIONS, load(engine, FACTS)) as catalog:
        questions = [Question(name, grain, WEEK, by) for grain in ("day", "total") for name in NAMES]
        many = catalog.ask_many(questions)
        kept.answers.clear()
        alone = [catalog.ask(question) for question in questions]
    assert [answer.rows for answer in many] == [answer.rows for answer in alone]
    assert [answer.question for answer in many] == questions


def test_questions_of_one_table_read_it_once(engine: Engine, tmp_path: Path) -> None:
    """Seven KPIs over two tables: one pass over web_traffic, one over events, and one for the window over events."""
    with opened(tmp_path, DEFINITIONS, load(engine, FACTS)) as catalog:
        with counted(engine) as statements:
            answers = catalog.ask_many([Question(name, "day", WEEK) for name in NAMES])
        assert len(statements) == 3
        with engine.connect() as connection:
            for part in answers[NAMES.index("views_per_session")].sql.split(";\n\n"):
                assert part in "".join(answer.sql for answer in answers)
                connection.exec_driver_sql(part)


def test_what_was_answered_is_not_worked_out_again(engine: Engine, tmp_path: Path) -> None:
    questions = [Question(name, "week", WEEK) for name in NAMES]
    loaded = load(engine, FACTS)
    with opened(tmp_path, DEFINITIONS, loaded) as catalog, counted(engine) as statements:
        first = catalog.ask_many(questions)
        worked = len(statements)
        assert catalog.ask_many(questions) == first
        assert len(statements) == worked > 0
    with opened(tmp_path, DEFINITIONS.replace("{value: sessions}", "{value: purchases}"), loaded) as changed:
        assert changed.ask(questions[0]).rows[0].value == 21.0
    with opened(tmp_path, DEFINITIONS.replace("version: 1", "version: 1\ncalendar: {week_start: sunday}"), loaded) as shifted:
        assert shifted.ask(questions[0]).rows[0].label == "2026-01-04"
    with opened(tmp_path, DEFINITIONS, load(engine, {**FACTS, "web_traffic": []})) as later:
        assert later.ask(questions[0]).rows[0].value is None


def test_one_question_that_cannot_be_answered_is_named_before_any_sql(engine: Engine, tmp_path: Path) -> None:
    with opened(tmp_path, DEFINITIONS, load(engine, FACTS)) as catalog, counted(engine) as statements:
        with pytest.raises(QueryError, match="no KPI 'sesions'"):
            catalog.ask_many([Question("sessions"), Question("sesions")])
        assert statements == []


def test_what_is_kept_is_bounded_by_rows_and_the_longest_unasked_goes_first() -> None:
    small: Any = ((object(),) * 3, "")
    store = Kept(most_rows=10)
    store.put("a", small)
    store.put("b", small)
    assert store.get("a") is small
    store.put("c", small)
    assert [store.get(key) is not None for key in "abc"] == [True, False, True]
    store.put("large", ((object(),) * 20, ""))  # type: ignore[arg-type]  # only the number of rows matters here
    assert store.get("large") is None
