"""Canary credentials through every failure, with all loggers at DEBUG: they show up nowhere, in no spelling."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from cli import main
from sandbox.jira import JiraServer
from sandbox.mixpanel import MixpanelServer
from sandbox.server import Fault, Reply, Request
from sandbox.world import World, make_world
from tests.e2e.test_speed_conversion import START

ACCOUNT, SECRET, EMAIL, TOKEN, KEY = (
    "canary+account",
    "s3cret/Kanarie+77=",
    "canary+mail@example.com",
    "t0ken/Kanarie+88=",
    "pr1vate/Kanarie+99=",
)
SECRETS = (SECRET, TOKEN, KEY)


def spellings() -> set[bytes]:
    """Return every form in which a credential could leave: plain, in an address, in base64 at each of its three alignments."""
    pairs = (f"{ACCOUNT}:{SECRET}", f"{EMAIL}:{TOKEN}")
    plain = [*SECRETS, *map(quote, SECRETS), *map(quote_plus, SECRETS), *(json.dumps(s)[1:-1] for s in SECRETS)]
    coded = [base64.b64encode(pair.encode()).decode() for pair in pairs]
    for secret in SECRETS:
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
            coded.append(whole[4 if shift else 0 : -1])
    return {text.encode() for text in (*plain, *coded)}


def echo(request: Request) -> str:
    """Return what a careless vendor repeats in its error: the header as sent, and what it holds."""
    sent = request.headers.get("authorization", "")
    plain = base64.b64decode(sent.removeprefix("Basic ")).decode()
    return f"not accepted: {sent} {plain} {quote(plain)}"


def refusing(status: int) -> Fault:
    """Refuse with an error that repeats the credentials, in the form of either vendor."""
    return lambda request, _number: Reply.of({"error": echo(request), "errorMessages": [echo(request)]}, status=status)


FAULTS: dict[str, Fault] = {
    **{f"{status} that repeats the credentials": refusing(status) for status in (400, 401, 402, 403, 404, 410, 418, 500)},
    "too many": lambda _r, _n: Reply(429, b"slow down", {"Retry-After": "900"}),
    "broken": lambda request, _n: Reply(503, echo(request).encode(), {"Content-Type": "text/html", "Retry-After": "900"}),
    "sign-in page": lambda request, _n: Reply(200, f"<html>{dict(request.headers)}</html>".encode(), {"Content-Type": "text/html"}),
    "elsewhere": lambda _r, _n: Reply(302, b"", {"Location": "http://127.0.0.1:9/x"}),
    "cut": lambda _r, _n: Reply(200, b"x" * 5_000, {}, cut=100),
    "none": lambda _r, _n: None,
}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(5, start=START, days=3)


@pytest.fixture
def vendors(world: World) -> Iterator[tuple[MixpanelServer, JiraServer]]:
    with (
        MixpanelServer(world.company, username=ACCOUNT, secret=SECRET) as mixpanel,
        JiraServer(world.company, email=EMAIL, token=TOKEN) as jira,
    ):
        yield mixpanel, jira


@pytest.mark.parametrize("fault", FAULTS)
def test_m56_no_credential_leaves(
    fault: str,
    vendors: tuple[MixpanelServer, JiraServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    mixpanel, jira = vendors
    for server in vendors:
        server.fault = FAULTS[fault]
    for name, value in {"MP_USER": ACCOUNT, "MP_SECRET": SECRET, "J_MAIL": EMAIL, "J_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "key.json").write_text(json.dumps({"type": "service_account", "private_key": KEY, "client_email": "a@example.com"}))
    (home / "sources.yaml").write_text(
        f"""version: 1
sources:
  web: {{connector: ga4, property: "1", start: {START}, credentials_file: {tmp_path / "key.json"}}}
  product: {{connector: mixpanel, project_id: 77, start: {START}, service_account: "${{MP_USER}}", secret: "${{MP_SECRET}}", endpoint: "{mixpanel.url}"}}
  delivery: {{connector: jira, projects: [WEB], email: "${{J_MAIL}}", token: "${{J_TOKEN}}", endpoint: "{jira.url}"}}
"""
    )
    monkeypatch.setenv("KPI_LOG_LEVEL", "debug")
    with caplog.at_level(logging.DEBUG):
        codes = [
            main([*command, "--home", str(home)])
            for command in (["sync", "--json"], ["doctor", "--json"], ["status", "--json"], ["status"])
        ]
    assert all(call.headers.get("authorization") for call in (*mixpanel.calls, *jira.calls)), "the credentials were really sent"
    assert mixpanel.calls
    assert jira.calls
    shown = "".join(capfd.readouterr()).encode() + caplog.text.encode() + "".join(str(vars(record)) for record in caplog.records).encode()
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert codes[0] in (0, 1, 3, 5)
    assert b"Traceback" not in shown
    assert [spelling for spelling in spellings() if spelling in shown or spelling in stored] == []


def test_the_search_would_find_what_it_looks_for() -> None:
    for pair in (f"{ACCOUNT}:{SECRET}", f"{EMAIL}:{TOKEN}"):
        header = base64.b64encode(pair.encode())
        assert any(spelling in header for spelling in spellings())
    assert any(spelling in base64.b64encode(f"x{SECRET}".encode()) for spelling in spellings())
