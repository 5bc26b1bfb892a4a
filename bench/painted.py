"""What a person waits for in the browser until every card and row of the Overview is painted, beside a bare page with the same as static texts.

Run: python -m bench.painted HOME [--rounds 20] [--visits 5]. HOME is a synced workspace (./kpi demo --home HOME --no-serve, or python -m
bench.large HOME). Debian's chromium draws at 1440 × 1000; the clock is the page's own, from the click (or from the start of the
navigation) to the second frame after the script ended and everything it drew was there. The first visitor comes when the server answers;
ours answers when it has computed its first page, so what that takes is told, too. The bare page runs as Streamlit comes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Page, sync_playwright

from bench.sessions import BARE, server

PERIODS = ("Last 7 days", "Last 28 days", "Last 90 days")
QUERIES = {"exceptions first": "", "all as cards": "?show=cards"}
PAINTED = """
async ([pattern, least]) => {
  const began = pattern ? performance.now() : 0;
  const main = () => document.querySelector('[data-testid="stMain"]');
  const of = kind => document.querySelectorAll(`[class*="st-key-${kind}_"]`).length;
  const before = main()?.textContent;
  if (pattern) {
    const all = [...document.querySelectorAll('a[data-testid="stSidebarNavLink"], [role="option"]')];
    all.find(e => e.innerText.trim().endsWith(pattern)).click();
  }
  const is_done = () => {
    const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
    return (!pattern || main().textContent !== before) && state === 'notRunning' && of('card') + of('row') >= least
      && [...document.images].every(e => e.complete) && document.querySelectorAll('[data-stale="true"], [data-testid="stSkeleton"]').length === 0;
  };
  const frame = () => new Promise(requestAnimationFrame);
  while (!is_done()) { await frame(); if (performance.now() - began > 60000) throw new Error('not painted in a minute'); }
  await frame(); await frame();
  return [performance.now() - began, of('card'), of('row')];
}
"""
CONTENT = """
() => {
  const words = (row, what) => (row.querySelector(what)?.textContent ?? '').replace(/([\\\\`*_\\[\\]])/g, '\\\\$1');
  const row = one => { const p = one.querySelector('p').cloneNode(true), strong = words(p, 'strong'), em = words(p, 'em');
    p.querySelectorAll('strong, em').forEach(e => e.remove()); return `${p.textContent.trim()} **${strong}**` + (em ? ` *${em}*` : ''); };
  return {cards: [...document.querySelectorAll('.kb-card')].map(e => e.outerHTML),
    rows: [...document.querySelectorAll('[class*="st-key-row_"], [class*="st-key-attention_"]')].map(row)};
}
"""
Found = dict[str, list[float]]
Content = dict[str, dict[str, list[str]]]


def painted(page: Page, click: str, least: int) -> tuple[float, int, int]:
    """Click what has this text ("" for nothing) and return (milliseconds until all is painted, cards, rows)."""
    took, cards, rows = page.evaluate(PAINTED, [click, least])
    return float(took), int(cards), int(rows)


def choose(page: Page, period: str) -> float:
    """Choose another period; return the milliseconds from the choice."""
    page.locator('[data-testid="stSelectbox"] input').first.click()
    page.wait_for_selector('[role="option"]')
    return painted(page, period, 1)[0]


def visit(browser: Browser, url: str) -> tuple[float, int, int]:
    """Open the Overview in a browser that has seen nothing yet."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    try:
        page = context.new_page()
        page.goto(url, wait_until="commit")
        return painted(page, "", 1)
    finally:
        context.close()


def measured(browser: Browser, url: str, rounds: int, visits: int) -> tuple[Found, Content]:
    """Return what → milliseconds, and period → what is drawn."""
    found: Found = {"first visitor": [visit(browser, url)[0]], "new visitor": []}
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(url)
    painted(page, "", 1)
    page.wait_for_timeout(30_000)  # the server's own first visitor looks at the other pages meanwhile
    for _ in range(visits):
        found["new visitor"].append(visit(browser, url)[0])
    content: Content = {}
    for period in (PERIODS[0], PERIODS[2], PERIODS[1]):
        choose(page, period)
        content[period] = page.evaluate(CONTENT)
    found["navigation"], found["other period"] = [], []
    for n in range(rounds):
        painted(page, "Catalog", 0)
        found["navigation"].append(painted(page, "Overview", 2)[0])
        found["other period"].append(choose(page, PERIODS[n % 2 * 2]))
    return found, dict(reversed(content.items()))


@contextmanager
def started(script: str, home: Path, more: dict[str, str]) -> Iterator[tuple[int, float]]:
    """Serve a script and yield (port, milliseconds until it answered)."""
    began = time.perf_counter()
    with server(script, home, more) as (port, _process):
        yield port, (time.perf_counter() - began) * 1000


def words(times: Sequence[float]) -> str:
    """Return p50 and p95."""
    high = quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return f"p50 {median(times):6.0f}  p95 {high:6.0f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--visits", type=int, default=5)
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for name, query in QUERIES.items():
            with started("app.py", given.home, {"KPI_SERVED": "1"}) as (port, took):
                ours, content = measured(browser, f"http://127.0.0.1:{port}/{query}", given.rounds, given.visits)
            ours["server's start"] = [took]
            with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                with started("bench/bare_page.py", given.home, {**BARE, "BARE_CONTENT": file.name}) as (port, took):
                    bare, _ = measured(browser, f"http://127.0.0.1:{port}/", given.rounds, given.visits)
                bare["server's start"] = [took]
            print(f"{name}: {len(content[PERIODS[1]]['cards'])} cards, {len(content[PERIODS[1]]['rows'])} rows")
            for what, times in ours.items():
                print(f"{what:14} ours {words(times)}   bare {words(bare[what])}   {median(times) / median(bare[what]):5.2f} x", flush=True)


if __name__ == "__main__":
    main()
