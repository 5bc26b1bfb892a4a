"""A service account's key, the tokens that are signed with it, and what the token endpoint gives for them: they show up nowhere."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request as TokenRequest

from cli import main
from commands.logs import logged
from connectors.ga4.credentials import from_environment, from_key_file
from sandbox.ga4 import Ga4Server, error_reply
from sandbox.server import Fault, LocalServer, Reply, Request
from sandbox.world import World, make_world
from settings import Workspace
from tests.e2e.test_speed_conversion import START

ACCESS = "ya29.Kanarie+access/77="
REFRESH = "1//0Kanarie-refresh+88"


def forms(secret: str) -> set[str]:
    """Return the forms in which a secret could leave: plain, in an address, in JSON, in base64 at each of its three alignments."""
    coded = {base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")[4 if shift else 0 : -1] for shift in range(3)}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]} | coded


def pieces(token: str) -> set[str]:
    """Return a long token in pieces: a message may be cut in the middle of one."""
    return {token[at : at + 40] for at in range(0, len(token) - 40, 40)}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture(scope="module")
def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def key_file(pem: str, tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key_document(pem, "https://127.0.0.1:9/token")))
    return path


def key_document(pem: str, token_uri: str) -> dict[str, str]:
    return {
        "type": "service_account", "project_id": "p", "private_key_id": "k1", "private_key": pem,
        "client_email": "bridge@p.iam.gserviceaccount.com", "client_id": "1", "token_uri": token_uri,
    }  # fmt: skip


@pytest.fixture(scope="module")
def certificate(key: rsa.RSAPrivateKey, pem: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for 127.0.0.1 and its key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    signed = made.add_extension(address, critical=False).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_text(signed.public_bytes(Encoding.PEM).decode() + pem)
    return path


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(5, start=START, days=3)


@pytest.fixture
def google(world: World, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ga4Server]:
    """Serve the Data API over TLS, so that the client library sends credentials."""
    server = Ga4Server(world.company)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with server:
        yield server


def echo(request: Request) -> str:
    """Return what a careless vendor repeats: the header as sent, and in two spellings."""
    sent = request.headers.get("authorization", "")
    return f"not accepted: {sent} {quote(sent, safe='')} {base64.b64encode(sent.encode()).decode()}"


FAULTS: dict[str, Fault] = {
    **{f"{status}": (lambda r, _n, s=status: error_reply(s, "REFUSED", echo(r))) for status in (400, 401, 403, 404, 429, 500)},  # type: ignore[misc]
    "used up": lambda r, _n: error_reply(429, "RESOURCE_EXHAUSTED", f"Exhausted property tokens for a project per hour. {echo(r)}"),
    "a page": lambda r, _n: Reply(403, echo(r).encode(), {"Content-Type": "text/html"}),
    "none": lambda _r, _n: None,
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_m56_no_token_and_no_key_of_a_service_account_leaves(
    fault: str,
    google: Ga4Server,
    key_file: Path,
    pem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    google.fault = FAULTS[fault]
    home = tmp_path / "home"
    home.mkdir()
    url, today = google.url.replace("http://", "https://"), datetime.datetime.now(datetime.UTC).date()
    (home / "sources.yaml").write_text(
        f'version: 1\nsources:\n  web: {{connector: ga4, property: "123456", start: {today}, credentials_file: {key_file}, endpoint: "{url}"}}\n'
    )
    monkeypatch.setenv("KPI_LOG_LEVEL", "debug")
    with caplog.at_level(logging.DEBUG):
        for command in (["sync", "--json"], ["doctor", "--json"], ["status", "--json"], ["status"]):
            main([*command, "--home", str(home)])
    tokens = {call.headers["authorization"].removeprefix("Bearer ") for call in google.calls}
    assert tokens
    assert all(token.startswith("eyJ") and token.count(".") == 2 for token in tokens), "self-signed tokens were really sent"
    shown = "".join(capfd.readouterr()) + caplog.text + "".join(str(vars(record)) for record in caplog.records)
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    lines = [line for line in pem.splitlines() if "-----" not in line]
    searched = {form for secret in (*tokens, pem, *lines) for form in forms(secret)} | {
        piece for token in tokens for piece in pieces(token)
    }
    assert "Traceback" not in shown
    if fault != "none":
        assert any(word in shown for word in ("***", "refused the credentials", "404", "fault (500)")), shown
    assert [form for form in searched if form in shown or form.encode() in stored] == []


class TokenEndpoint(LocalServer):
    """Trades whatever it gets for one access token."""

    def answer(self, request: Request) -> Reply:
        return Reply.of({"access_token": ACCESS, "expires_in": 3_600, "token_type": "Bearer"})


def talkative(space: Workspace, texts: list[str]) -> str:
    """Log the texts as a careless library would, in every form, and return the log."""
    for text in texts:
        for form in forms(text):
            logging.getLogger("careless").debug("sent %s", form)
    return (space.data / "logs" / "kpi.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_traded_at_the_token_endpoint_is_known_before_it_is_sent(
    pem: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPI_LOG_LEVEL", "debug")
    space = Workspace(tmp_path)
    with TokenEndpoint() as endpoint, logged(space):
        if refused:
            endpoint.fault = lambda r, _n: Reply.of(
                {"error": "invalid_grant", "error_description": parse_qs(r.body.decode())["assertion"][0]}, status=400
            )
        (tmp_path / "key.json").write_text(json.dumps(key_document(pem, f"{endpoint.url}/token")))
        credentials = from_key_file(str(tmp_path / "key.json")).with_scopes(["https://www.googleapis.com/auth/analytics.readonly"])
        try:
            credentials.refresh(TokenRequest())
            assert not refused
        except RefreshError:
            assert refused
            logging.getLogger("careless").exception("the vendor repeats what was sent")
        (assertion,) = parse_qs(endpoint.calls[0].body.decode())["assertion"]
        traded = [assertion] if refused else [assertion, ACCESS]
        written = talkative(space, [*traded, pem])
    assert written.count("***") >= 10
    assert [form for secret in (*traded, pem) for form in forms(secret) if form in written] == []


def test_tokens_of_a_person_are_known_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Application Default Credentials of any kind: their token is known after the refresh, their lasting secrets at once."""
    document = {"type": "authorized_user", "client_id": "c", "client_secret": "Kanarie/secret+99", "refresh_token": REFRESH}
    (tmp_path / "adc.json").write_text(json.dumps(document))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    monkeypatch.setenv("KPI_LOG_LEVEL", "debug")
    space = Workspace(tmp_path)
    with TokenEndpoint() as endpoint, logged(space):
        found = from_environment(["https://www.googleapis.com/auth/analytics.readonly"])
        found._token_uri = f"{endpoint.url}/token"
        copied: Any = found.with_quota_project("p")  # the library copies credentials before it uses them
        copied.refresh(TokenRequest())
        assert copied.token == ACCESS
        secrets = [ACCESS, REFRESH, document["client_secret"]]
        written = talkative(space, secrets)
    assert [form for secret in secrets for form in forms(secret) if form in written] == []
