"""The log: one line of JSON an event, no credential, no forged line."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from urllib.parse import quote

import pytest

from commands.logs import logged
from commands.sync import pull
from connectors.sync import Order
from errors import ConfigError
from settings import Secret, Workspace
from tests.shop import Shop


def lines(space: Workspace) -> list[dict[str, object]]:
    return [json.loads(line) for line in (space.data / "logs" / "kpi.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_sync_tells_its_beginning_each_source_and_its_end(small_shop: Shop) -> None:
    pull(small_shop.space, Order())
    told = lines(small_shop.space)
    events = [line["event"] for line in told if line["logger"] == "kpi.sync"]
    assert events == ["sync_started", "source_finished", "source_finished", "source_finished", "sync_finished"]
    sources = {line["source"]: line for line in told if line["event"] == "source_finished"}
    assert set(sources) == {"web", "product", "delivery"}
    assert all(line["status"] == "ok" and isinstance(line["rows_read"], int) and line["rows_read"] > 0 for line in sources.values())
    assert {"at", "level", "logger", "event", "sync", "generation", "published", "exit_code"} == set(told[-1])


def test_whoever_logs_a_credential_it_does_not_get_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_LOG_LEVEL", "debug")
    secret = 'can"ary/ +ü&42'
    Secret(secret)
    space = Workspace(tmp_path)
    with logged(space):
        log = logging.getLogger("urllib3.somewhere")
        log.debug("plain %s", secret)
        log.warning("url %s", quote(secret, safe=""), extra={"fields": {"header": {"Authorization": secret}}})
        log.error("basic %s", base64.b64encode(f"user:{secret}".encode()).decode())
        try:
            raise ValueError(secret)
        except ValueError:
            log.exception("raised")
    text = (tmp_path / "data" / "logs" / "kpi.jsonl").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 4
    inner = base64.b64encode(b"\0\0" + secret.encode()).decode()[4:-4]
    for spelling in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), inner, "ary/"):
        assert spelling not in text
    assert "***" in text


def test_a_block_within_a_block_writes_each_line_once_and_the_outer_one_goes_on(tmp_path: Path) -> None:
    """The scheduler logs all the time, and each of its syncs logs as well."""
    space = Workspace(tmp_path)
    with logged(space):
        with logged(space):
            logging.getLogger("kpi.sync").info("inner")
        logging.getLogger("kpi.live").info("outer")
        logging.getLogger("alembic.runtime.migration").info("Context impl SQLiteImpl.")
        logging.getLogger("alembic.runtime.migration").warning("trouble")
    logging.getLogger("kpi.live").warning("after")
    assert [line["event"] for line in lines(space)] == ["inner", "outer", "trouble"]


def test_a_text_with_line_ends_forges_no_line(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    with logged(space):
        logging.getLogger("kpi.sync").warning('title\r\n{"event": "forged"}\u2028x')
    (line,) = lines(space)
    assert str(line["event"]).startswith("title\r\n")


def test_an_unknown_level_is_named_with_the_known_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_LOG_LEVEL", "debgu")
    with (
        pytest.raises(ConfigError, match=r"KPI_LOG_LEVEL is 'debgu'. Known levels: debug, info, warning, error. Did you mean: debug"),
        logged(Workspace(tmp_path)),
    ):
        pass
