"""kpi status: what is served, how far each source reaches, how its last sync went."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer

from commands.common import AsJson, Home, open_space, print_json
from commands.query import freshness_document
from commands.table import print_table
from metrics import Catalog, open_catalog
from store.ledger import Ledger, SourceRun
from store.sprint_freezes import SprintFreeze, read_freezes


def status(context: typer.Context, as_json: AsJson = False, home: Home = None) -> None:
    """Show the served generation and the state of every source."""
    space = open_space(context, home)
    catalog = open_catalog(space)
    freshness = {f.source: f for f in catalog.freshness()}
    runs = {run.source: run for run in Ledger(space).last_runs()}
    names = sorted({*freshness, *runs})
    sources = {
        name: {**(freshness_document(freshness[name]) if name in freshness else {}), "last_run": _run(runs[name]) if name in runs else None}
        for name in names
    }
    if as_json:
        print_json(
            {
                "generation": catalog.generation,
                "sources": {name: {**sources[name], "streams": _streams(catalog, name)} for name in names},
                "sprints": [_sprint(one) for one in read_freezes(Ledger(space))],
                "flagged": [asdict(one) for one in catalog.flagged()],
                "restated": [asdict(one) for one in catalog.restatements()],
            }
        )
        return
    rows = [[name, *_cells(sources[name])] for name in names]
    served = "The warehouse is empty" if catalog.generation is None else f"Generation {catalog.generation}"
    print_table(served, ["source", "last run", "last good sync", "covered through", "flags", "message"], rows)


def _streams(catalog: Catalog, source: str) -> dict[str, Any]:
    return {
        s.stream: {
            "table": s.table,
            "rows": s.rows,
            "covered_from": s.covered_from,
            "complete_through": None if s.complete_through is None else s.complete_through.isoformat(timespec="seconds"),
            "flags": list(s.flags),
        }
        for s in catalog.coverage()
        if s.source == source
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


def _cells(source: dict[str, Any]) -> list[str]:
    run = source["last_run"]
    error = run["error"]["message"] if run and run["error"] else ""
    return [
        run["status"] if run else "never",
        str(source.get("synced_at") or "never"),
        str(source.get("covered_through") or "–"),
        ", ".join(source.get("flags", ())),
        error,
    ]
