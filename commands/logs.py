"""Writes what happens as JSON, one line an event, into data/logs/kpi.jsonl; no credential gets into it, whoever logs it."""

from __future__ import annotations

import json
import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from settings import Workspace, log_level, redacted

MOST_BYTES, KEPT_FILES = 5_000_000, 3


class _Quiet(logging.handlers.RotatingFileHandler):
    """A log that cannot be written must not end, or talk into, what it is about."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Let the line go."""


class JsonLine(logging.Formatter):
    """One event as one line: at, level, logger, event, and the fields given as extra={"fields": …}.

    Notes: a line is freed of every credential that was ever read, in every spelling, after it is whole; line ends inside a text are
        escaped, so that nobody can forge a line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        document = {"at": at, "level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        document |= getattr(record, "fields", {})
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return redacted(json.dumps(document, default=str))


def _is_news(record: logging.LogRecord) -> bool:
    """Alembic says at every reading of the ledger which database it is: thousands of lines a day that nobody needs."""
    return not record.name.startswith("alembic.runtime") or record.levelno >= logging.WARNING


@contextmanager
def logged(space: Workspace) -> Iterator[None]:
    """Log into the workspace while the block runs; KPI_LOG_LEVEL (debug, info, warning) says how much."""
    folder = space.data / "logs"
    if any(isinstance(h, _Quiet) and h.baseFilename == str((folder / "kpi.jsonl").absolute()) for h in logging.getLogger().handlers):
        yield  # a longer block around this one logs there already; a second handler would write every line twice
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = _Quiet(folder / "kpi.jsonl", maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError:  # what runs inside needs the same folder and says what is wrong with it
        yield
        return
    handler.setFormatter(JsonLine())
    handler.addFilter(_is_news)
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(log_level())
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()
