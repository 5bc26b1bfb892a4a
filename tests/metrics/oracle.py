"""The definitions' language in pandas, from the YAML text and plain rows: shares no line with the compiler, the plan or the calendar."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

AXES = {"web_traffic": "day", "web_vitals": "day", "events": "day", "work_items": "done_at", "status_changes": "at", "sprints": "start_at", "sprint_items": "day", "releases": "released_on", "campaigns": "start_on", "milestones": "end_on"}  # fmt: skip
MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
NEVER, ALWAYS = date(1970, 1, 1), date(2200, 1, 1)
ADDING = ("sum", "count", "count_distinct")
Groups = dict[tuple[str, ...], float | None]


@dataclass(frozen=True)
class Slice:
    """What a value is about: its days, its split, its conditions. sprint: (source, id) for tables that name the sprint."""

    start: date
    end: date
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    around: tuple[Any, ...] = ()
    sprint: tuple[str, str] | None = None


@dataclass
class Oracle:
    """document: the definitions as plain data. frames: table → rows. held: table → (first day or None, day after the last)."""

    document: Mapping[str, Any]
    frames: Mapping[str, pd.DataFrame]
    held: Mapping[str, tuple[date | None, date]] = field(default_factory=dict)
    _days: dict[tuple[str, str], Any] = field(default_factory=dict)
    _masks: dict[str, Any] = field(default_factory=dict)
    _hits: dict[str, dict[Any, bool]] = field(default_factory=dict)
    _times: dict[str, dict[tuple[Any, ...], list[pd.Timestamp]]] = field(default_factory=dict)

    # periods -----------------------------------------------------------------
    @property
    def zone(self) -> str:
        return str((self.document.get("calendar") or {}).get("timezone", "UTC"))

    def floor(self, day: date, unit: str) -> date:
        calendar = self.document.get("calendar") or {}
        if unit in ("day", "total"):
            return day
        if unit == "ever":
            return NEVER
        if unit == "week":
            back = (day.weekday() - WEEKDAYS.index(calendar.get("week_start", "monday"))) % 7
            return day - timedelta(days=back)
        first = MONTHS.index(calendar.get("fiscal_year_start", "january")) if unit.startswith("fiscal") else 0
        size = {"month": 1, "quarter": 3, "year": 12}[unit.removeprefix("fiscal_")]
        months = next(m for m in itertools.count(day.year * 12 + day.month - 1, -1) if (m - first) % size == 0)
        return date(months // 12, months % 12 + 1, 1)

    def periods(self, grain: str, first: date, end: date) -> list[tuple[str, date, date]]:
        if grain == "total":
            return [(first.isoformat(), first, end)]
        found: list[tuple[str, date, date]] = []
        day = self.floor(first, grain)
        while day < end:
            following = next(d for d in (day + timedelta(days=n) for n in range(1, 400)) if self.floor(d, grain) != day)
            found.append((day.isoformat(), day, following))
            day = following
        return found

    # values ------------------------------------------------------------------
    def answer(self, kpi: str, asked: Slice) -> Groups:
        """Return split → value of a KPI: everything that any of its parts has rows for."""
        body = self.document["kpis"][kpi]
        first, end = self.reach(kpi)
        limits = (first or NEVER, end)
        parts: dict[str, Groups] = {}
        tree = self._expand(kpi, asked, limits, parts)
        zero = body.get("fill") == "zero" and all(self._adding(key) for key in parts)
        keys = {key for groups in parts.values() for key, value in groups.items() if value is not None}
        found: Groups = {}
        for key in keys if asked.by else [()]:
            leaves = {name: groups.get(key) for name, groups in parts.items()}
            if zero:
                leaves = {name: 0.0 if value is None else value for name, value in leaves.items()}
            found[key] = evaluate(tree, leaves)
        return found

    def reach(self, kpi: str) -> tuple[date | None, date]:
        spans = [self.held[table] for table in self.tables(kpi) if table in self.held]
        return max((s[0] for s in spans if s[0]), default=None), min((s[1] for s in spans), default=ALWAYS)

    def tables(self, kpi: str, seen: tuple[str, ...] = ()) -> set[str]:
        body = self.document["kpis"][kpi]
        if "conversion" in body:
            return {self._measure(body["conversion"][end])["table"] for end in ("from", "to")}
        found: set[str] = set()
        for name in names_of(own_formula(body)):
            inner = name in self.document["kpis"] and name != kpi
            found |= self.tables(name) if inner else {self.document["measures"][name]["table"]}
        return found

    def _adding(self, key: str) -> bool:
        name = key.split("|")[0]
        return name not in self.document["measures"] or self.document["measures"][name]["agg"] in ADDING

    def _measure(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document["measures"].get(name) or {"table": "events", "agg": "count", "where": {"event": name}}
        return found

    def _expand(self, kpi: str, asked: Slice, limits: tuple[date, date], parts: dict[str, Groups]) -> Any:
        """Return a tree of the KPI whose names are keys of `parts`, and put the value of every part there."""
        body = self.document["kpis"][kpi]
        until = min(asked.end, limits[1])
        start = asked.start
        if "window" in body:
            start = until - timedelta(days=int(body["window"][:-1]) * (7 if body["window"].endswith("w") else 1))
        if "to_date" in body:
            start = self.floor(until - timedelta(days=1), body["to_date"])
        spans = "window" in body or "to_date" in body
        inside = Slice(start, asked.end, asked.by, asked.where, (*asked.around, body.get("where") or {}), None if spans else asked.sprint)
        if "conversion" in body:
            base, converted = self._conversion(body["conversion"], inside, limits)
            key = f"conversion|{body['conversion']}|{inside.around}|{inside.start}"
            parts[f"{key}|base"], parts[f"{key}|converted"] = base, converted
            return ast.parse("a / b", mode="eval").body, {"a": f"{key}|converted", "b": f"{key}|base"}
        tree = ast.parse(own_formula(body), mode="eval").body
        names: dict[str, Any] = {}
        for name in names_of(own_formula(body)):
            if name in self.document["kpis"] and name != kpi:
                names[name] = self._expand(name, inside, limits, parts)
            else:
                key = f"{name}|{inside.around}|{inside.start}"
                parts[key] = self._value(name, inside, limits)
                names[name] = key
        return tree, names

    def _value(self, name: str, asked: Slice, limits: tuple[date, date]) -> Groups:
        measure = self.document["measures"][name]
        rows = self._rows(measure, asked, limits, [measure.get("where") or {}, *asked.around])
        return {key: aggregate(measure, group) for key, group in split(rows, asked.by)}

    def _rows(
        self, measure: Mapping[str, Any], asked: Slice, limits: tuple[date, date], wheres: Sequence[Mapping[str, Any]]
    ) -> pd.DataFrame:
        table = measure["table"]
        frame = self.frames[table]
        kept = self._fulfilling(measure, wheres, asked.where)
        if asked.sprint is not None and table in ("sprint_items", "sprints"):
            return frame[
                kept & (frame["source"] == asked.sprint[0]) & (frame["sprint_id" if table == "sprint_items" else "id"] == asked.sprint[1])
            ]
        days = self.days(table, measure.get("time") or AXES[table])
        low, high = np.datetime64(max(asked.start, limits[0])), np.datetime64(min(asked.end, limits[1]))
        return frame[kept & (days >= low) & (days < high)]

    def _fulfilling(
        self, measure: Mapping[str, Any], wheres: Sequence[Mapping[str, Any]], asked: Sequence[tuple[str, tuple[str, ...]]]
    ) -> Any:
        """Return which rows of a measure's table its conditions keep, whatever their day."""
        key = repr((measure["table"], measure.get("time"), wheres, asked))
        if key not in self._masks:
            frame = self.frames[measure["table"]]
            kept = np.ones(len(frame), dtype=bool)
            about = {measure.get("time")} | {column for where in wheres for column in where}
            if "deleted_at" in frame.columns and "deleted_at" not in about:
                kept &= frame["deleted_at"].isna().to_numpy()
            for where in wheres:
                for column, wanted in where.items():
                    kept &= np.array([fulfils(value, wanted) for value in frame[column]], dtype=bool)
            for column, values in asked:
                kept &= np.array([shown(value) in values for value in frame[column]], dtype=bool)
            self._masks[key] = kept
        return self._masks[key]

    def days(self, table: str, column: str) -> Any:
        """Return the reporting days of a table's rows, NaT for none."""
        if (table, column) not in self._days:
            values = self.frames[table][column]
            if pd.api.types.is_datetime64_any_dtype(values):
                values = pd.to_datetime(values, utc=True).dt.tz_convert(self.zone).dt.tz_localize(None)
            self._days[table, column] = pd.to_datetime(values).to_numpy().astype("datetime64[D]")
        return self._days[table, column]

    def _conversion(self, body: Mapping[str, Any], asked: Slice, limits: tuple[date, date]) -> tuple[Groups, Groups]:
        first, then = self._measure(body["from"]), self._measure(body["to"])
        starts = self._rows(first, asked, limits, [first.get("where") or {}, *asked.around])
        followers = self._rows(then, Slice(NEVER, ALWAYS), limits, [then.get("where") or {}])
        entity, same = body["entity"], first["table"] == then["table"]
        low, high = hours(body.get("after", "0h")), hours(body["within"])
        key_of_body = repr((body, limits))
        times = self._later(key_of_body, then, followers, entity, same)
        hits = self._hits.setdefault(key_of_body, {})
        starts = starts[~starts[entity].map(missing).astype(bool)] if len(starts) else starts
        base: Groups = {}
        converted: Groups = {}
        for key, group in split(starts, asked.by):
            people: dict[tuple[Any, ...], bool] = {}
            for place, source, person, at in zip(group.index, group["source"], group[entity], self._instants(first, group), strict=True):
                who = (source, person) if same else (person,)
                if place not in hits:
                    hits[place] = any(low < later - at <= high for later in times.get(who, []))
                people[who] = people.get(who, False) or hits[place]
            if people:
                base[key], converted[key] = float(len(people)), float(sum(people.values()))
        return base, converted

    def _later(
        self, key: str, then: Mapping[str, Any], rows: pd.DataFrame, entity: str, same: bool
    ) -> dict[tuple[Any, ...], list[pd.Timestamp]]:
        """Return who → when they did the second thing."""
        if key not in self._times:
            times: dict[tuple[Any, ...], list[pd.Timestamp]] = {}
            for source, who, at in zip(rows["source"], rows[entity], self._instants(then, rows), strict=True):
                times.setdefault((source, who) if same else (who,), []).append(at)
            self._times[key] = times
        return self._times[key]

    def _instants(self, measure: Mapping[str, Any], rows: pd.DataFrame) -> list[pd.Timestamp]:
        column = measure.get("time") or ("time" if measure["table"] == "events" else AXES[measure["table"]])
        return [pd.Timestamp(value) for value in rows[column]]


def hours(text: str) -> timedelta:
    return timedelta(hours=int(text[:-1]) * {"h": 1, "d": 24, "w": 168}[text[-1]])


def own_formula(body: Mapping[str, Any]) -> str:
    if "formula" in body:
        return str(body["formula"])
    return f"{body['numerator']} / {body['denominator']}" if "numerator" in body else str(body["value"])


def names_of(formula: str) -> list[str]:
    tree = ast.parse(formula, mode="eval")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called})


def evaluate(tree: Any, leaves: Mapping[str, float | None]) -> float | None:
    """Work out (Python's own syntax tree, name → key or tree)."""
    node, names = tree

    def work(part: Any) -> float | None:
        match part:
            case ast.Constant(value):
                return float(value)
            case ast.Name(name):
                inner = names[name]
                return leaves[inner] if isinstance(inner, str) else evaluate(inner, leaves)
            case ast.UnaryOp(ast.USub(), operand):
                value = work(operand)
                return None if value is None else -value
            case ast.Call(ast.Name(function), arguments):
                return call(function, [work(a) for a in arguments])
            case ast.BinOp(left, operator, right):
                a, b = work(left), work(right)
                if a is None or b is None or (isinstance(operator, ast.Div) and b == 0):
                    return None
                if isinstance(operator, ast.Div):
                    return a / b
                return a * b if isinstance(operator, ast.Mult) else a + b if isinstance(operator, ast.Add) else a - b
        raise AssertionError(ast.dump(part))

    return work(node)


def call(function: str, given: list[float | None]) -> float | None:
    if function in ("coalesce", "if_missing"):
        return next((value for value in given if value is not None), None)
    numbers = [value for value in given if value is not None]
    if len(numbers) < len(given):
        return None
    if function == "round":
        scale = 10 ** int(numbers[1] if len(numbers) > 1 else 0)
        return (-1 if numbers[0] < 0 else 1) * math.floor(abs(numbers[0]) * scale + 0.5) / scale
    return {"abs": lambda n: abs(n[0]), "min": min, "max": max}[function](numbers)  # type: ignore[no-any-return,operator]


def missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def shown(value: Any) -> str:
    return "(none)" if missing(value) else str(value)


def split(rows: pd.DataFrame, by: Sequence[str]) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    if not by:
        return [((), rows)]
    if rows.empty:
        return []
    keys: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows[list(by)].itertuples(index=False)):
        keys.setdefault(tuple(shown(v) for v in row), []).append(place)
    return [(key, rows.iloc[places]) for key, places in sorted(keys.items())]


def aggregate(measure: Mapping[str, Any], rows: pd.DataFrame) -> float | None:
    agg, column = measure["agg"], measure.get("column")
    if agg == "count":
        return float(len(rows) if column is None else sum(not missing(v) for v in rows[column])) or None
    if agg == "count_distinct":
        columns = column if isinstance(column, list) else [column]
        seen = {row for row in rows[columns].itertuples(index=False, name=None) if not any(map(missing, row))}
        return float(len(seen)) or None
    values = [float(v) for v in rows[column] if not missing(v)]
    if not values:
        return None
    if agg in ("sum", "min", "max"):
        return float({"sum": math.fsum, "min": min, "max": max}[agg](values))  # type: ignore[operator]
    if agg == "avg":
        return math.fsum(values) / len(values)
    return float(pd.Series(values).quantile(0.5 if agg == "median" else int(agg[1:]) / 100))


def fulfils(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return all(_tests(value, test, against) for test, against in wanted.items())
    if missing(value):
        return False
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def _tests(value: Any, test: str, against: Any) -> bool:
    if test == "is_null":
        return missing(value) == against
    if test in ("not", "not_in"):
        others = against if test == "not_in" else [against]
        return missing(value) or value not in others
    if missing(value):
        return False
    if test == "in":
        return value in against
    if test == "like":
        pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in against)
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    return {"gt": value > against, "gte": value >= against, "lt": value < against, "lte": value <= against}[test]
