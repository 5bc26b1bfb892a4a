"""Mixpanel's funnels and retention, as the vendor counts them: by day of the project's zone, never mixed with exports. Knows no KPI.

A cohort keeps rising until its conversion window or its last interval has passed. Until then its day carries the flag provisional,
is not complete, and is read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from connectors.mixpanel import queries
from connectors.mixpanel.client import Client
from connectors.mixpanel.settings import LOOKBACK, MixpanelSettings, RetentionReport
from errors import ContractError
from store.schema import arrow_schema
from store.types import Batch, Stream, Window, day_end, day_start

LONGEST_SPAN = 90
"""Days that one question covers; longer ranges are asked for in parts, so that a backfill commits as it goes."""

Rows = dict[date, list[dict[str, object]]]


class Funnels:
    """The stream of saved funnels: one call a funnel for up to 90 days."""

    def __init__(self, source: str, settings: MixpanelSettings, client: Client) -> None:
        self._source, self._settings, self._client = source, settings, client
        self.stream = Stream("funnel_steps", "funnel_steps", "day", settings.funnel_window + LOOKBACK, zone=settings.zone)

    @property
    def is_asked_for(self) -> bool:
        """Whether sources.yaml names funnels."""
        return bool(self._settings.funnels)

    def check(self) -> str:
        """Ask for one day of each funnel."""
        for funnel in self._settings.funnels:
            self._steps(funnel, [self._settings.start])
        return f"answers for {', '.join(self._settings.funnels)}"

    def read(self, window: Window) -> Iterator[Batch]:
        """Yield the window's days, each with all funnels."""
        days, zone = window.days(self._settings.zone), self._settings.zone
        context = f"{zone.key}; funnels {', '.join(sorted(self._settings.funnels))}; window {self._settings.funnel_window}"
        for place in range(0, len(days), LONGEST_SPAN):
            span = days[place : place + LONGEST_SPAN]
            found = [self._steps(funnel, span) for funnel in self._settings.funnels]
            for day in span:
                rows = [row for steps in found for row in steps.get(day, [])]
                end = day_end(day, zone)
                yield _batch(self.stream, day, rows, end, end + self._settings.funnel_window <= window.until, context)

    def _steps(self, funnel: str, days: Sequence[date]) -> Rows:
        what = f"funnel {funnel}"
        query = {"funnel_id": funnel, "from_date": days[0].isoformat(), "to_date": days[-1].isoformat(), "unit": "day"}
        answer = queries.document(self._client, ["query", "funnels"], query, what, self._source)
        asked, found = set(days), Rows()
        for key, held in queries.mapping(answer.get("data"), what, self._source).items():
            day = queries.day(key, what, self._source)
            if day not in asked:
                raise ContractError(f"{self._source}: {what} answers for {day}, which was not asked for. The earlier data stay.")
            steps = queries.sequence(queries.mapping(held, what, self._source).get("steps"), what, self._source)
            found[day] = [self._step(funnel, day, number, step) for number, step in enumerate(steps, 1)]
        return found

    def _step(self, funnel: str, day: date, number: int, step: object) -> dict[str, object]:
        held = queries.mapping(step, f"funnel {funnel}", self._source)
        event = held.get("event") or held.get("goal")
        people = queries.count(held.get("count"), f"step {number} of funnel {funnel} on {day}", self._source)
        return {"funnel_id": funnel, "day": day, "step": number, "event": None if event is None else queries.text(event), "count": people}


class Retention:
    """The stream of retention reports: one call a report.

    Notes: each question begins at the source's first day, so that "for the first time" means the same in every sync.
    """

    def __init__(self, source: str, settings: MixpanelSettings, client: Client) -> None:
        self._source, self._settings, self._client = source, settings, client
        settled = max((report.settles_after() for report in settings.retention), default=timedelta(0))
        self.stream = Stream("retention_cohorts", "retention_cohorts", "day", settled + LOOKBACK, zone=settings.zone)

    @property
    def is_asked_for(self) -> bool:
        """Whether sources.yaml names reports."""
        return bool(self._settings.retention)

    def check(self) -> str:
        """Ask for the first cohort of each report."""
        for report in self._settings.retention:
            first = report.first_cohort(self._settings.start)
            self._cohorts(report, first)
        return f"answers for {', '.join(report.name for report in self._settings.retention)}"

    def read(self, window: Window) -> Iterator[Batch]:
        """Yield the window's days; a day on which a cohort begins has its intervals."""
        days, zone, reports = window.days(self._settings.zone), self._settings.zone, self._settings.retention
        found = [self._cohorts(report, days[-1]) for report in reports]
        context = f"{zone.key}; {'; '.join(sorted(map(str, reports)))}"
        for day in days:
            settled = max(self._settled_at(report, day) for report in reports)
            rows = [row for cohorts in found for row in cohorts.get(day, [])]
            yield _batch(self.stream, day, rows, day_end(day, zone), settled <= window.until, context)

    def _settled_at(self, report: RetentionReport, day: date) -> datetime:
        """Return when the cohort that holds this day changes no more."""
        return day_start(report.cohort_of(day) + report.settles_after(), self._settings.zone)

    def _cohorts(self, report: RetentionReport, last: date) -> Rows:
        first, found = report.first_cohort(self._settings.start), Rows()
        if first > last:
            return found
        what = f"retention {report.name}"
        query: dict[str, Any] = {
            "from_date": first.isoformat(), "to_date": last.isoformat(), "retention_type": "birth", "born_event": report.born_event,
            "event": report.event, "unit": report.unit, "interval_count": report.intervals,
        }  # fmt: skip
        for key, held in queries.document(self._client, ["query", "retention"], query, what, self._source).items():
            day = queries.day(key, what, self._source)
            if not first <= day <= last or report.cohort_of(day) != day:
                raise ContractError(
                    f"{self._source}: {what} answers for {day}, where no cohort begins that was asked for. The earlier data stay."
                )
            found[day] = self._intervals(report, day, queries.mapping(held, what, self._source))
        return found

    def _intervals(self, report: RetentionReport, day: date, cohort: dict[str, Any]) -> list[dict[str, object]]:
        what = f"retention {report.name} of {day}"
        size = queries.count(cohort.get("first"), what, self._source)
        counts = queries.sequence(cohort.get("counts"), what, self._source)[: report.intervals]
        return [
            {"name": report.name, "day": day, "interval": n, "people": queries.count(people, what, self._source), "cohort_people": size}
            for n, people in enumerate(counts)
        ]


def _batch(stream: Stream, day: date, rows: list[dict[str, object]], end: datetime, is_settled: bool, context: str) -> Batch:
    table = pa.Table.from_pylist(rows, schema=arrow_schema(stream.table))
    flags = () if is_settled else ("provisional",)
    return Batch(day, table, end.astimezone(UTC) if is_settled else None, flags, context=context)
