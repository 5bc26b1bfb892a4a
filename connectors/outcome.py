"""How a sync went: of one stream, of one source, of all. Knows no vendor and no store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from errors import DashboardError, SourceError

SEVERITY = ("ok", "paused", "held", "failed", "auth")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one stream stands. slices_total is known before the first slice; stream: "" when a note is about the whole source."""

    source: str
    stream: str
    slices: int
    slices_total: int
    rows: int
    note: str = ""

    @property
    def name(self) -> str:
        """What people call it: the source, and the stream if it is about one."""
        return f"{self.source} {self.stream}".rstrip()


@dataclass(slots=True)
class StreamResult:
    """How one stream went. status: ok, paused (quota), held (quality gate), failed, unavailable (not in the vendor's plan)."""

    status: str = "ok"
    rows_read: int = 0
    rows_changed: int = 0
    error: str | None = None
    error_kind: str | None = None


@dataclass(slots=True)
class SourceResult:
    """How one source went. status: ok, paused, held, failed, auth. not_before: the vendor is not asked again before it.

    quota: what the vendor said is left of its own quotas.
    """

    connector: str
    started_at: datetime
    status: str = "ok"
    error: str | None = None
    error_kind: str | None = None
    finished_at: datetime | None = None
    not_before: datetime | None = None
    streams: dict[str, StreamResult] = field(default_factory=dict)
    quota: dict[str, int] = field(default_factory=dict)

    def stream_documents(self) -> dict[str, dict[str, object]]:
        """Return stream → how it went, as JSON and the ledger write it."""
        names = ("status", "rows_read", "rows_changed", "error_kind", "error")
        return {name: {key: getattr(stream, key) for key in names} for name, stream in self.streams.items()}

    @property
    def rows_read(self) -> int:
        """Rows the vendor sent."""
        return sum(s.rows_read for s in self.streams.values())

    @property
    def rows_changed(self) -> int:
        """Rows that differ from what was stored."""
        return sum(s.rows_changed for s in self.streams.values())

    def fail(self, error: DashboardError, stream: StreamResult) -> None:
        """Take over an error that ended a stream."""
        kind = error.kind if isinstance(error, SourceError) else "config"
        stream.error, stream.error_kind = str(error), kind
        stream.status = {"plan": "unavailable", "quota": "paused", "held": "held"}.get(kind, "failed")
        if kind != "plan":
            self.status = max(self.status, "auth" if kind == "auth" else stream.status, key=SEVERITY.index)
            self.error, self.error_kind = str(error), kind


@dataclass(frozen=True, slots=True)
class SyncResult:
    """generation: the one served after the sync, None for an empty store; published: whether this sync made it."""

    generation: int | None
    published: bool
    sources: dict[str, SourceResult]

    @property
    def exit_code(self) -> int:
        """0 all ok or paused, 5 credentials refused everywhere, 1 all failed, 3 partly done (a held source keeps its last good data)."""
        failed = [s for s in self.sources.values() if s.status in ("held", "failed", "auth")]
        if not failed:
            return 0
        if len(failed) < len(self.sources) or any(s.rows_read for s in failed):
            return 3
        if any(s.status == "held" for s in failed):
            return 3
        return 5 if all(s.status == "auth" for s in failed) else 1
