"""How KPIs stand against their targets, which of them need attention, how late data are, and what became of targets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from metrics import Catalog
from metrics.attention import State, ranked
from metrics.calendar import Calendar
from metrics.flags import Reservations, flags_of
from metrics.lateness import lateness, worst
from metrics.reservations import FlaggedSlice, Restatement
from metrics.signal_types import Signal
from metrics.standing import questions, standing
from metrics.stories import around, at_the_time
from metrics.target_history import target_history
from metrics.types import Freshness, Period, Question, TargetStatus, Verdict
from metrics.words import used_by
from store.schema import warehouse
from tests.metrics.engines import in_memory, load, opened

D = date(2026, 3, 2)  # a Monday
NOW = datetime(2026, 3, 30, 8, tzinfo=UTC)
HEAD = """version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}
  purchases: {table: web_traffic, agg: sum, column: key_events}
kpis:
  base: {value: sessions}
  x: %s
"""
REACH = "{from: 2026-03-02, to: 2026-04-12, kind: reach, value: %s, pace: linear}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def shop(home: Path, kpi: str) -> Catalog:
    """Four weeks of 10 sessions a day; 1, 1, 2, 3 purchases a day in them."""
    made = in_memory()
    warehouse.create_all(made)
    rows = [{"day": D + timedelta(days=n), "device": "d", "sessions": 10, "key_events": (1, 1, 2, 3)[n // 7]} for n in range(28)]
    return opened(home, HEAD % kpi, load(made, {"web_traffic": rows}, {"web_traffic": (D, datetime(2026, 3, 30))}))


MONTH = Period(D, D + timedelta(days=28))


@pytest.mark.parametrize(("goal", "verdict", "share"), [(400, "met", 1.05), (430, "near", 0.977), (600, "missed", 0.7)])
def test_a_target_to_reach_is_told_by_its_pace(home: Path, goal: int, verdict: str, share: float) -> None:
    """280 sessions after 28 of 42 days: two thirds of the goal are expected by now."""
    with shop(home, f"{{value: sessions, better: higher, targets: [{REACH % goal}]}}") as catalog:
        found = standing(catalog, "x", 280.0, MONTH)
        assert found.status.verdict == verdict
        assert found.pace is not None
        assert found.pace.share == pytest.approx(share, abs=0.001)
        assert f"{found.pace.share:.0%} of the pace" in found.status.sentence
        assert set(questions(catalog, "x", MONTH.last)) == {Question("x", "total", MONTH)}


def test_a_sum_is_not_held_against_a_target_that_does_not_say_of_how_many_days(home: Path) -> None:
    target = "{from: 2026-01-01, to: 2026-12-31, kind: stay_above, value: 100}"
    with shop(home, f"{{value: sessions, better: higher, targets: [{target}]}}") as catalog:
        found = standing(catalog, "x", 280.0, MONTH)
        assert (found.status.verdict, found.status.target) == ("unknown", 100.0)
        assert "not said to be one of 28 days" in found.status.sentence
        assert target_history(catalog, "x")[0].outcome == "unknown"
    ratio = f"{{numerator: purchases, denominator: sessions, better: higher, targets: [{target.replace('100', '0.15')}]}}"
    with shop(home, ratio) as catalog:
        assert standing(catalog, "x", 0.175, MONTH).status.verdict == "met"


def test_what_became_of_targets_is_counted_in_whole_weeks(home: Path) -> None:
    """Rates of 10, 10, 20 and 30 % by week: the first target was met in one of two weeks, the second runs and was met in both, the oldest is not held."""
    targets = ", ".join(
        f"{{from: {first}, to: {last}, kind: stay_above, value: {goal}, set_by: us}}"
        for first, last, goal in (("2025-01-01", "2025-12-31", 0.5), ("2026-03-09", "2026-03-22", 0.15), ("2026-03-23", "2026-12-31", 0.15))
    )
    with shop(home, f"{{numerator: purchases, denominator: sessions, better: higher, targets: [{targets}]}}") as catalog:
        found = [(one.outcome, one.grain, one.met, one.of) for one in target_history(catalog, "x")]
    assert found == [("running", "week", 1, 1), ("missed", "week", 1, 2), ("unknown", None, 0, 0)]


def test_what_became_of_a_target_to_reach(home: Path) -> None:
    over = "{from: 2026-03-02, to: 2026-03-15, kind: reach, value: 140}"
    with shop(home, f"{{value: sessions, better: higher, targets: [{over}, {(REACH % 9).replace('03-02', '03-16')}]}}") as catalog:
        running, reached = target_history(catalog, "x")
    assert (running.outcome, reached.outcome) == ("running", "met")
    assert "2026-04-12" in running.words


def status(verdict: Verdict, distance: float | None = None) -> TargetStatus:
    return TargetStatus(verdict, "stay_above", 1.0, distance, "")


def signal(variation: str, since: date | None = None) -> Signal:
    return Signal("x", "week", "higher", variation=variation, since=since)  # type: ignore[arg-type]


def test_the_worst_comes_first_and_what_is_calm_does_not_come() -> None:
    states = [
        State("calm", status("met", 0.2), signal("common")),
        State("improving", status("no_target"), signal("improvement", D)),
        State("near", status("near", -0.02), signal("common")),
        State("absent", status("unknown"), None, True),
        State("moving", status("no_target"), signal("concern", D)),
        State("moving later", status("met", 0.9), signal("concern", D + timedelta(days=7))),
        State("off", status("missed", -0.1), signal("common")),
        State("far off", status("missed", 0.4), None),
        State("off and worse", status("missed", -0.06), signal("concern", D)),
    ]
    found = [(state.kpi, kind) for state, kind in ranked(states)]
    assert found == [
        ("off and worse", "missed_and_worsening"), ("far off", "missed"), ("off", "missed"), ("moving later", "worsening"), ("moving", "worsening"),
        ("absent", "absent"),
    ]  # fmt: skip
    assert ranked(states[:3]) == ()


@pytest.mark.parametrize(
    ("through", "hours", "every", "word"),
    [(29, 1, None, "fresh"), (28, 1, None, "fresh"), (27, 1, None, "late"), (25, 1, None, "stale"), (29, 4, None, "late"), (29, 25, None, "stale"),
     (29, 25, 24, "fresh"), (29, 80, 24, "late"), (None, 1, None, "stale"), (29, None, None, "stale")],
)  # fmt: skip
def test_data_are_late_by_their_last_day_or_by_their_last_sync(
    through: int | None, hours: int | None, every: int | None, word: str
) -> None:
    """Now is the morning of 30 March: yesterday is the 29th."""
    fresh = Freshness(
        "web", "ga4", None if hours is None else NOW - timedelta(hours=hours), D, None if through is None else date(2026, 3, through)
    )
    assert lateness(fresh, NOW, Calendar(ZoneInfo("Europe/Vienna")), None if every is None else timedelta(hours=every)) == word
    assert (worst(["fresh", "stale", "late"]), worst([])) == ("stale", "stale")


def test_flags_are_those_of_the_row_its_days_and_its_sources(home: Path) -> None:
    with shop(home, "{value: sessions}") as catalog:
        row = catalog.ask(Question("x", "total", MONTH)).rows[0]
        later = catalog.ask(Question("x", "total", MONTH.shift(7))).rows[0]
        streams, plan = catalog.streams("x"), catalog.plan("x")
    source, stream = streams[0].source, streams[0].stream
    inside, outside = D + timedelta(days=3), D - timedelta(days=3)
    restated = Restatement(source, stream, inside, 2, "sessions", 9, 10)
    known = Reservations(
        [FlaggedSlice(source, stream, inside, 5, ("sampled",)), FlaggedSlice(source, stream, outside, 5, ("drift",))], [restated]
    )
    assert flags_of(row, plan, streams, known) == ("restated", "sampled")
    assert flags_of(row, plan, streams, Reservations((), (), {source})) == ("held",)
    assert flags_of(later, plan, streams, Reservations((), ())) == ("partial", "settling")


def test_what_is_made_of_a_kpi_is_known_all_the_way_up(home: Path) -> None:
    with shop(home, "{formula: base / 2}\n  y: {formula: x + 1}") as catalog:
        definitions = catalog.force.definitions
    assert used_by("base", definitions) == ("x", "y")
    assert used_by("y", definitions) == ()


def test_stories_are_the_work_that_names_a_kpi_and_was_released_or_done_in_the_period(home: Path) -> None:
    made = in_memory()
    warehouse.create_all(made)
    day = D + timedelta(days=3)
    item = {"source": "delivery", "project": "WEB", "type": "Story", "created_at": datetime(2026, 2, 1)}
    items = [
        {**item, "id": "1", "key": "WEB-1", "kpi": "x", "release_id": "v1", "done_at": datetime(2026, 2, 20)},
        {**item, "id": "2", "key": "WEB-2", "kpi": "x", "done_at": datetime(2026, 3, 5, 12)},
        {**item, "id": "3", "key": "WEB-3", "kpi": "base", "release_id": "v1", "done_at": datetime(2026, 3, 5)},
        {**item, "id": "4", "key": "WEB-4", "kpi": "x", "done_at": datetime(2026, 1, 5)},
        {**item, "id": "5", "key": "WEB-5", "kpi": "x", "release_id": "v1", "deleted_at": datetime(2026, 3, 1)},
    ]
    versions = [
        {"source": "delivery", "id": "v1", "project": "WEB", "name": "WEB 1", "released_on": day, "released": True},
        {"source": "delivery", "id": "v2", "project": "WEB", "name": "WEB 2", "released_on": day + timedelta(days=60), "released": True},
    ]
    loaded = load(made, {"work_items": items, "releases": versions, "web_traffic": []})
    with opened(home, HEAD % "{value: sessions}", loaded) as catalog:
        found = at_the_time(catalog, "x", Period(D, D + timedelta(days=14)))
    (version,) = found.versions
    assert (version.name, version.items, [story.key for story in version.stories]) == ("WEB 1", 2, ["WEB-1"])
    assert [(story.key, story.day) for story in found.alone] == [("WEB-2", date(2026, 3, 5))]
    assert around(D) == Period(D - timedelta(days=14), D + timedelta(days=8))
