"""`kpi serve` as a person runs it: the pages answer, the data come by themselves, and Ctrl-C leaves nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import delete, select

from settings import PROJECT_ROOT
from store.ledger import Ledger
from store.ledger_schema import definition_changes, definition_files
from store.warehouse import Warehouse
from tests.e2e.browser import browser, needs_browser, visit
from tests.e2e.processes import below, free_port
from tests.shop import Shop


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def served(shop: Shop, *options: str) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command = [sys.executable, str(PROJECT_ROOT / "cli.py"), "serve", "--port", str(port), "--home", str(shop.space.home), *options]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, stderr=subprocess.DEVNULL, start_new_session=True), port


def wait_until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert what()


def test_serving_brings_the_data_and_ends_without_a_trace(small_shop: Shop) -> None:
    server, port = served(small_shop)
    try:
        wait_until(lambda: answers(port) and Warehouse(small_shop.space).current() == 1)
        family = below(server.pid)
        assert len(family) >= 2  # the pages and the scheduler
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0
    finally:
        server.kill()
        server.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 10)
    assert not answers(port)
    with Warehouse(small_shop.space).build():
        pass


def test_serving_without_syncs_asks_no_vendor(small_shop: Shop) -> None:
    server, port = served(small_shop, "--no-sync")
    try:
        wait_until(lambda: answers(port))
        time.sleep(1)
        assert [call for vendor in small_shop.servers for call in vendor.calls] == []
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0


def test_the_server_is_its_own_first_visitor(small_shop: Shop) -> None:
    """Whoever opens the catalog first writes the definitions down; without syncs and visitors that is the server itself."""
    small_shop.sync()
    ledger = Ledger(small_shop.space)
    with ledger.transaction() as connection:
        connection.execute(delete(definition_changes))
        connection.execute(delete(definition_files))
    server, port = served(small_shop, "--no-sync")
    try:
        wait_until(lambda: answers(port))
        assert ledger.rows(select(definition_files.c.id)), "it answers before its first page has been computed"
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0


@needs_browser
def test_only_scripts_and_addresses_of_the_dashboard_itself_are_let_in(small_shop: Shop) -> None:
    """Text of a vendor that became a script, by whatever mistake, would not run; nothing can be sent elsewhere."""
    server, port = served(small_shop, "--no-sync")
    try:
        wait_until(lambda: answers(port))
        with browser() as started:
            seen = visit(started)
            page = seen.open(f"http://127.0.0.1:{port}/")
            assert seen.complaints == []
            page.evaluate("""() => {
                const script = document.createElement("script");
                script.textContent = "window.ran = 'script'";
                document.body.appendChild(script);
                document.body.insertAdjacentHTML("beforeend", "<img src='/no-picture' onerror='window.ran = 1'><svg onload='window.ran = 2'></svg>");
            }""")
            sent = page.evaluate("fetch('http://localhost:1/').then(() => 'sent', error => String(error))")
            page.wait_for_timeout(500)
            assert page.evaluate("window.ran") is None
        assert "Failed to fetch" in sent
        assert any("Content Security Policy" in words and "connect-src" in words for words in seen.complaints)
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0
