"""kpi doctor: is everything in place, and if not, what to do next. Never prints a secret."""

from __future__ import annotations

import dataclasses
import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.table import print_table
from connectors import base
from connectors.live import live_connector
from errors import AuthError, ConfigError, DashboardError, suggest
from metrics import check_file, reporting_zone
from metrics.trust import WARN_DAYS, days_left, token_words
from settings import SourceEntry, Workspace, load_sources
from store.ledger import Ledger
from store.warehouse import Warehouse

PACKAGES = ("streamlit", "pandas", "sqlalchemy", "duckdb", "google-analytics-data", "mixpanel-utils", "jira")
LEAST_FREE_BYTES = 1 << 30
SIGNS = {"ok": "✔", "warn": "!", "fail": "✖"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. exit_code: what the command returns when it failed."""

    check: str
    status: Literal["ok", "warn", "fail"]
    message: str
    exit_code: int = 0


def doctor(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="[SOURCE]", help="Only this source, and the basics.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Check versions, stores, definitions and credentials, with one cheap call to each source."""
    findings = list(examine(open_space(context, home), source))
    failed = [finding for finding in findings if finding.status == "fail"]
    if as_json:
        documents = [{k: v for k, v in dataclasses.asdict(f).items() if k != "exit_code"} for f in findings]
        print_json({"ok": not failed, "checks": documents})
    else:
        print_table("kpi doctor", ["", "check", "finding"], [[SIGNS[f.status], f.check, f.message] for f in findings])
    raise typer.Exit(max((finding.exit_code or 1 for finding in failed), default=0))


def examine(space: Workspace, only: str | None = None) -> Iterator[Finding]:
    """Yield the findings, basics first; a failing check never stops the next one."""
    yield _versions()
    yield _sqlite()
    yield _folder(space)
    yield _guarded("warehouse", lambda: _warehouse(space))
    yield _guarded("ledger", lambda: _ledger(space))
    yield _guarded("definitions", lambda: _definitions(space))
    yield from _sources(space, only)


def _guarded(check: str, run: Callable[[], Finding]) -> Finding:
    try:
        return run()
    except DashboardError as error:
        return Finding(check, "fail", str(error), error.exit_code)


def _versions() -> Finding:
    listed = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return Finding("versions", "ok", f"Python {platform.python_version()}, {listed}")


def _sqlite() -> Finding:
    """SQLite before 3.51.3 can corrupt a WAL database under two writers (sqlite.org/wal.html#walresetbug)."""
    text = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        return Finding("sqlite", "ok", f"SQLite {text}")
    return Finding(
        "sqlite",
        "ok",
        f"SQLite {text}; the ledger uses the rollback journal, which the WAL-reset race of versions before 3.51.3 does not touch",
    )


def _folder(space: Workspace) -> Finding:
    nearest = next(folder for folder in (space.data, *space.data.parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Finding(
            "data folder", "fail", f"{nearest} is not writable. Change its permissions, or name another workspace with --home.", 1
        )
    free = shutil.disk_usage(nearest).free
    if free < LEAST_FREE_BYTES:
        return Finding("data folder", "warn", f"{space.data}: only {free / 1e9:.1f} GB are free. Make room before the next sync.")
    return Finding("data folder", "ok", f"{space.data}, {free / 1e9:.0f} GB free")


def _warehouse(space: Workspace) -> Finding:
    warehouse = Warehouse(space)
    if warehouse.current() is None:
        return Finding("warehouse", "warn", "is empty. Run './kpi sync', or './kpi demo' for a living example.")
    with warehouse.open() as generation, generation.engine.connect():
        return Finding("warehouse", "ok", f"generation {generation.number} opens")


def _ledger(space: Workspace) -> Finding:
    runs = Ledger(space).last_runs()
    return Finding("ledger", "ok", f"{len(runs)} sources have synced" if runs else "no sync is recorded yet")


def _definitions(space: Workspace) -> Finding:
    definitions, issues = check_file(space.definitions_file)
    name = space.definitions_file.name
    more = f" (and {len(issues) - 1} more; run './kpi check')" if len(issues) > 1 else ""
    wrong = next((issue for issue in issues if issue.level == "error"), None)
    if wrong is not None or definitions is None:
        return Finding("definitions", "fail", f"{wrong}{more}", 2)
    if issues:
        return Finding("definitions", "warn", f"{issues[0]}{more}")
    return Finding("definitions", "ok", f"{name}: {len(definitions.kpis)} KPIs, no issues")


def _sources(space: Workspace, only: str | None) -> Iterator[Finding]:
    try:
        entries = load_sources(space)
    except ConfigError as error:
        yield Finding("sources", "fail", str(error), error.exit_code)
        return
    names = [entry.name for entry in entries]
    if only is not None and only not in names:
        raise ConfigError(
            f"There is no source '{only}'. Known sources: {', '.join(names) or 'none'}. {suggest(only, names) or ''}".rstrip()
        )
    if not entries:
        yield Finding("sources", "warn", f"{space.sources_file} declares none. Copy sources.example.yaml to sources.yaml and fill it in.")
        return
    for entry in entries:
        if only in (None, entry.name):
            yield _source(space, entry)
            yield from _live(space, entry)


def _zone(space: Workspace) -> ZoneInfo:
    try:
        return reporting_zone(space)
    except DashboardError:
        return ZoneInfo("UTC")


def _live(space: Workspace, entry: SourceEntry) -> Iterator[Finding]:
    """Say whether the live numbers come; they are no fact that any KPI needs, so their failure is a warning."""
    check = f"live {entry.name}"
    try:
        connector = live_connector(entry, _zone(space))
        if connector is not None:
            found = connector.live(datetime.now(UTC))
            yield Finding(check, "ok", f"the realtime report answers: {found.users:,} active users in the last 30 minutes.")
    except ConfigError:
        return  # the line of the source says it
    except DashboardError as error:
        yield Finding(check, "warn", f"No live numbers on the Overview. {error}")


def _source(space: Workspace, entry: SourceEntry) -> Finding:
    check = f"source {entry.name}"
    try:
        connector = base.build(entry, _zone(space))
        said = connector.check()
        left = days_left(entry.token_expires, datetime.now(UTC))
        if left is not None and left <= WARN_DAYS:
            return Finding(check, "warn", f"{said} {token_words(left)}")
        return Finding(check, "ok", said)
    except AuthError as error:
        return Finding(check, "fail", str(error), AuthError.exit_code)
    except DashboardError as error:
        return Finding(check, "fail", str(error), error.exit_code)
