"""Canary credentials that every vendor repeats in its refusal are on no page, in no spelling."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cli import main
from sandbox.ga4 import Ga4Server
from sandbox.jira import JiraServer
from sandbox.mixpanel import MixpanelServer
from tests.connectors import test_secrets as canaries
from tests.connectors import test_secrets_google as google_canaries
from tests.connectors.test_secrets import vendors, world
from tests.connectors.test_secrets_google import certificate, google, key, key_file, pem
from tests.pages.test_pages import PAGES, show

__all__ = ["certificate", "google", "key", "key_file", "pem", "vendors", "world"]
pytestmark = pytest.mark.filterwarnings("ignore")


def everything(page: AppTest) -> bytes:
    """Return all that the server sends to the browser, every element as it goes over the wire: as it is, and as Markdown shows it."""
    sent = b"\n".join(node.proto.SerializeToString() for node in page._tree if getattr(node, "proto", None) is not None)
    return sent + b"\n" + sent.replace(b"\\", b"")


@pytest.mark.parametrize("before", ["nothing was ever synced", "there are numbers"])
def test_m56_what_vendors_repeat_of_credentials_is_on_no_page(
    before: str,
    vendors: tuple[MixpanelServer, JiraServer],
    google: Ga4Server,
    key_file: Path,
    pem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mixpanel, jira = vendors
    for name, value in {
        "MP_USER": canaries.ACCOUNT,
        "MP_SECRET": canaries.SECRET,
        "J_MAIL": canaries.EMAIL,
        "J_TOKEN": canaries.TOKEN,
    }.items():
        monkeypatch.setenv(name, value)
    home, start, tls = tmp_path / "home", datetime.datetime.now(datetime.UTC).date(), google.url.replace("http://", "https://")
    home.mkdir()
    (home / "sources.yaml").write_text(
        f"""version: 1
sources:
  web: {{connector: ga4, property: "123456", start: {start}, credentials_file: {key_file}, endpoint: "{tls}"}}
  product: {{connector: mixpanel, project_id: 77, start: {start}, service_account: "${{MP_USER}}", secret: "${{MP_SECRET}}", endpoint: "{mixpanel.url}"}}
  delivery: {{connector: jira, projects: [WEB], email: "${{J_MAIL}}", token: "${{J_TOKEN}}", endpoint: "{jira.url}"}}
"""
    )
    if before == "there are numbers":
        assert main(["sync", "--home", str(home)]) == 0
    google.fault = google_canaries.FAULTS["400"]
    mixpanel.fault = jira.fault = canaries.FAULTS["400 that repeats the credentials"]
    assert main(["sync", "--home", str(home)]) in (1, 3)
    tokens = {call.headers["authorization"].removeprefix("Bearer ") for call in google.calls}
    assert tokens
    searched = canaries.spellings() | {form.encode() for secret in (*tokens, pem) for form in google_canaries.forms(secret)}
    searched |= {piece.encode() for token in tokens for piece in google_canaries.pieces(token)}
    for name in PAGES:
        page = show(name, home, monkeypatch)
        assert not page.exception
        sent = everything(page)
        if name == "data_health":
            assert sent.count(b"not accepted") >= 3, "the words of all three vendors stand on the page"
        assert [form for form in searched if form in sent] == [], name
