"""kpi status: what is served, how far each source reaches, how its last sync went, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import typer

from commands.common import AsJson, Home, open_space, print_json, say
from commands.query import freshness_document
from commands.table import print_table
from metrics import Catalog, open_catalog
from metrics.live import LiveNow
from metrics.reservations import FlaggedSlice
from metrics.trust import SourceTrust, StreamTrust, Trust, token_words
from store.ledger import Ledger, SourceRun
from store.sprint_freezes import SprintFreeze, read_freezes


def status(context: typer.Context, as_json: AsJson = False, home: Home = None) -> None:
    """Show the served generation and the state of every source."""
    space = open_space(context, home)
    with open_catalog(space) as catalog:
        trust = catalog.trust(datetime.now(UTC))
        if as_json:
            print_json(_document(catalog, trust, read_freezes(Ledger(space))))
            return
    served = "The warehouse is empty" if catalog.generation is None else f"Generation {catalog.generation}"
    columns = ["source", "last run", "last good sync", "covered through", "next attempt", "flags", "message"]
    print_table(served, columns, [_cells(one) for one in trust.sources])
    if trust.problem:
        say(trust.problem)


def _document(catalog: Catalog, trust: Trust, freezes: Iterable[SprintFreeze]) -> dict[str, Any]:
    return {
        "generation": catalog.generation,
        "sources": {one.source: _source(one) for one in trust.sources},
        "sources_problem": trust.problem,
        "sprints": [_sprint(one) for one in freezes],
        "flagged": [{"source": one.source, "stream": one.stream, "day": one.day, **_slice(one)} for one in catalog.flagged()],
        "restated": [asdict(one) for one in catalog.restatements()],
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def _source(one: SourceTrust) -> dict[str, Any]:
    run = one.run
    return {
        **(freshness_document(one.fresh) if one.fresh else {"connector": one.connector, "synced_at": None}),
        "status": one.status,
        "error_kind": run.error_kind if run else None,
        "error": run.error if run else None,
        "next_attempt": one.attempt and {"at": _instant(one.attempt.at), "why": one.attempt.why},
        "every_seconds": one.every and int(one.every.total_seconds()),
        "quota": one.quota and {"left": dict(one.quota.left), "as_of": _instant(one.quota.as_of)},
        "calls_last_hour": one.calls_last_hour,
        "token_expires": one.token_expires,
        "token_days_left": one.token_days_left,
        "live": one.live and _live(one.live),
        "last_run": run and _run(run),
        "streams": {stream.stream: _stream(stream) for stream in one.streams},
    }


def _live(one: LiveNow) -> dict[str, Any]:
    state = one.state
    return {
        "status": "live" if one.live else "silent",
        "as_of": _instant(state.live.as_of if state.live else None),
        "active_users": one.live.users if one.live else None,
        "why": one.reason,
        "error": None if state.error is None else {"kind": state.error_kind, "message": state.error},
        "tried_at": _instant(state.tried_at),
        "next_attempt": _instant(state.next_at),
        "every_seconds": int(state.every.total_seconds()),
        "quota_left": dict(state.quota),
    }


def _stream(one: StreamTrust) -> dict[str, Any]:
    run, held, quality = one.run, one.held, one.quality
    return {
        "status": run.status if run else "never",
        "error_kind": run.error_kind if run else None,
        "error": run.error if run else None,
        "tried_at": _instant(run.tried_at) if run else None,
        "last_success": _instant(run.succeeded_at) if run else None,
        "table": held.table if held else None,
        "rows": held.rows if held else 0,
        "covered_from": held.covered_from if held else None,
        "complete_through": _instant(held.complete_through) if held else None,
        "flags": list(held.flags) if held else [],
        "slice_count": quality.slices,
        "flag_shares": {flag: {"slices": n, "share": quality.share(flag)} for flag, n in quality.flagged.items()},
        "slices": [_slice(noted) for noted in quality.newest],
        "epochs": [asdict(epoch) for epoch in quality.epochs],
    }


def _slice(one: FlaggedSlice) -> dict[str, Any]:
    return {
        "slice": one.day,
        "rows": one.rows,
        "flags": list(one.flags),
        "complete_through": _instant(one.complete_through),
        "pulled_at": _instant(one.pulled_at),
    }


def _sprint(freeze: SprintFreeze) -> dict[str, Any]:
    return {
        "source": freeze.source,
        "sprint": freeze.name,
        "board": freeze.board,
        "moment": freeze.moment,
        "taken_at": freeze.taken_at.isoformat(timespec="seconds"),
        "replayed": freeze.replayed,
        "items": len(freeze.items),
        "committed_points": freeze.committed_points,
        "completed_points": freeze.completed_points,
    }


def _run(run: SourceRun) -> dict[str, Any]:
    return {
        "status": run.status,
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(timespec="seconds"),
        "rows_read": run.rows_read,
        "rows_changed": run.rows_changed,
        "generation": run.generation,
        "not_before": None if run.not_before is None else run.not_before.isoformat(timespec="seconds"),
        "streams": dict(run.streams),
        "quota": None if run.quota is None else dict(run.quota),
        "error": None if run.error is None else {"kind": run.error_kind, "message": run.error},
    }


def _cells(one: SourceTrust) -> list[str]:
    messages = [one.run.error] if one.run and one.run.error else []
    if one.token_ends_soon and one.token_days_left is not None:
        messages.append(token_words(one.token_days_left))
    if one.live and one.live.live is None and one.live.state.error:
        messages.append(f"Live numbers: {one.live.state.error}")
    return [
        one.source,
        one.status,
        str(_instant(one.fresh.synced_at if one.fresh else None) or "never"),
        str(one.fresh.covered_through if one.fresh and one.fresh.covered_through else "–"),
        "none" if one.attempt is None else str(_instant(one.attempt.at)),
        ", ".join(one.fresh.flags) if one.fresh else "",
        " ".join(messages),
    ]
