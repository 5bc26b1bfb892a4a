"""Mixpanel: whatever the network does, the answer is a typed error, and an interrupt stays an interrupt."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from errors import AuthError, DashboardError, SourceConfigError, TransientSourceError
from sandbox.mixpanel import MixpanelServer
from sandbox.server import Reply
from settings import Secret
from tests.connectors.mixpanel_company import FOUR, answering, company, connector, event, read_day
from tests.connectors.raw import behaving

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\n"


def hang_up(peer: socket.socket) -> None:
    peer.recv(65_536)


def reset(peer: socket.socket) -> None:
    peer.recv(65_536)
    peer.sendall(HEAD + event().encode())
    time.sleep(0.1)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def fall_silent(peer: socket.socket) -> None:
    peer.recv(65_536)
    peer.sendall(HEAD + event().encode())
    peer.recv(1)  # returns when the client has given up


def never_speak(peer: socket.socket) -> None:
    peer.recv(65_536)
    peer.recv(1)


def speak_nonsense(peer: socket.socket) -> None:
    peer.recv(65_536)
    peer.sendall(b"SSH-2.0-OpenSSH_9\r\n")


@pytest.mark.parametrize("act", [hang_up, reset, fall_silent, never_speak, speak_nonsense], ids=lambda act: act.__name__)
def test_a_vendor_that_does_not_answer_properly_may_be_asked_again(act: Callable[[socket.socket], None]) -> None:
    began = time.monotonic()
    with behaving(act) as port, pytest.raises(TransientSourceError, match=f"did not answer at 127.0.0.1:{port}"):
        read_day(f"http://127.0.0.1:{port}", timeout_seconds=0.5)
    assert time.monotonic() - began < 5


def test_nobody_listening_may_be_asked_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TransientSourceError, match="did not answer"):
            read_day(f"http://127.0.0.1:{taken.getsockname()[1]}")


def test_a_fault_of_tls_inside_a_body_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ssl.SSLError is an OSError and nothing more: neither URLError nor ConnectionError."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    order = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*order, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def spoil(peer: socket.socket) -> None:
        with context.wrap_socket(peer.dup(), server_side=True) as secure:
            secure.recv(65_536)
            secure.sendall(HEAD + event().encode())
            peer.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)  # a TLS record that no key has sealed
            peer.recv(65_536)

    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with behaving(spoil) as port, pytest.raises(TransientSourceError, match="did not answer"):
        read_day(f"https://127.0.0.1:{port}", service_account=Secret("a"), secret=Secret("b"), timeout_seconds=5)


def test_m26_an_interrupt_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(socket, "create_connection", press)
    with pytest.raises(KeyboardInterrupt):
        read_day("http://127.0.0.1:1")


LONG = {"request": "x" * 1500}


@pytest.mark.parametrize(
    ("error", "kind"),
    [("Unable to authenticate request", AuthError), ("to_date cannot be later than today", SourceConfigError)],
)
@pytest.mark.parametrize("form", ["json", "packed json", "text"])
def test_a_400_is_understood_in_whatever_form_it_comes(error: str, kind: type[DashboardError], form: str) -> None:
    plain = error.encode() if form == "text" else json.dumps({"error": error, **LONG}).encode()
    reply = Reply(400, gzip.compress(plain), {"Content-Encoding": "gzip"}) if form == "packed json" else Reply(400, plain)
    with answering(reply) as server, pytest.raises(kind, match=r"refused|has not begun"):
        read_day(server.url)


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"\x1f\x8b broken", json.dumps({"error": "bad\nwhere"}).encode()])
def test_a_refusal_is_one_line_and_never_the_body(body: bytes) -> None:
    headers = {"Content-Encoding": "gzip"} if body.startswith(b"\x1f") else {}
    with answering(Reply(400, body, headers)) as server, pytest.raises(SourceConfigError) as refused:
        read_day(server.url)
    assert "\n" not in str(refused.value)
    assert "<html>" not in str(refused.value)
    assert str(refused.value).endswith(("bad where", "'endpoint'."))


def test_check_asks_for_one_event_and_says_what_it_reached() -> None:
    with MixpanelServer(company(*FOUR)) as server:
        assert connector(server.url, residency="eu").check() == "project 77 (eu) answers: 2026-03-27 has events."
        assert [call.query["limit"] for call in server.calls] == ["1"]
    with MixpanelServer(company()) as server:
        assert connector(server.url).check() == "project 77 (us) answers: 2026-03-27 has no events."


def test_check_tells_a_refusal() -> None:
    with MixpanelServer(company(*FOUR), secret="other") as server, pytest.raises(AuthError):
        connector(server.url).check()
