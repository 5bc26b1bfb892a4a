"""kpi new, fmt, certify, explain, preview and docs: the file's comments and meaning stay, and nothing is half written."""

from __future__ import annotations

import json
import random
import re
import shutil
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli import main
from metrics import open_catalog
from metrics.check import check_text
from metrics.edit import parsed
from metrics.fmt import formatted
from settings import PROJECT_ROOT, Workspace
from tests.metrics.store import catalog, traffic
from tests.shop import Shop

SHIPPED = (PROJECT_ROOT / "kpi_definitions.yaml").read_text(encoding="utf-8")
GOOD = """# Our numbers
version: 1
measures:
  sessions: {table: web_traffic, agg: sum, column: sessions}  # Google Analytics
  purchases: {table: web_traffic, agg: sum, column: key_events}

kpis:
  # The one that counts
  rate:
    label: Rate  # as the board calls it
    owner: growth
    numerator: purchases
    denominator: sessions
    # better: higher

  visits: {value: sessions, label: Visits}
"""


def run(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, str, str]:
    code = main([*arguments, "--home", str(home)])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "kpi_definitions.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def text_of(home: Path) -> str:
    return (home / "kpi_definitions.yaml").read_text(encoding="utf-8")


def test_new_appends_a_block_that_holds_and_touches_nothing_else(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["fresh"],
        ["share", "--numerator", "purchases", "--denominator", "visits"],
        ["worth", "--formula", "purchases / sessions * 2"],
    ):
        before = text_of(home)
        code, _, err = run(capsys, home, "new", *arguments)
        assert (code, f"KPI '{arguments[0]}' holds" in err) == (0, True), err
        assert text_of(home).startswith(before)
    definitions, issues = check_text("k.yaml", text_of(home))
    assert definitions is not None
    assert (issues, list(definitions.kpis)) == ((), ["rate", "visits", "fresh", "share", "worth"])
    uncommented = re.sub(
        r"(?m)^    # (better|targets|tests|  - )",
        r"    \1",
        text_of(home).replace("given: [{day: 2026-01-05}]", "given: [{day: 2026-01-05}]"),
    )
    assert check_text("k.yaml", uncommented)[0] is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rate"], "kpi_definitions.yaml:9: there is a KPI 'rate' already"),
        (["Rate-2"], "cannot name a KPI"),
        (["fresh", "--value", "sesions"], "Did you mean: sessions"),
        (["fresh", "--value", "sessions", "--formula", "sessions"], "Say one of"),
        (["fresh", "--numerator", "sessions"], "--denominator"),
        (["fresh", "--formula", "sessions /"], "ends too early"),
    ],
)
def test_new_refuses_and_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    code, _, err = run(capsys, home, "new", *arguments)
    assert (code, words in err) == (2, True), err
    assert text_of(home) == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nmeasures:\n  sessions: {table: web_traffic, agg: sum, column: sessions}\n",
        "version: 1\nkpis:\nmeasures:\n  sessions: {table: web_traffic, agg: sum, column: sessions}\n",
        "version: 1\nkpis:\n  a:\n    value: sessions\n    # better: higher\n\n# the measures\nmeasures:\n  sessions: {table: web_traffic, agg: sum, column: sessions}",
    ],
)
def test_new_finds_its_place_in_any_file(home: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (home / "kpi_definitions.yaml").write_text(text, encoding="utf-8")
    code, _, err = run(capsys, home, "new", "fresh")
    assert code == 0, err
    definitions, issues = check_text("k.yaml", text_of(home))
    assert definitions is not None
    assert (issues, "fresh" in definitions.kpis) == ((), True)
    assert [line for line in text.split("\n") if line not in text_of(home).split("\n")] == []


def shuffled(text: str, seed: int) -> str:
    """Return the text with the keys of every KPI in another order and odd spacing."""
    random_ = random.Random(seed)
    head, _, kpis = text.partition("kpis:\n")
    blocks = re.split(r"(?m)^(?=  \w+:$)", kpis)
    mixed = []
    for block in blocks:
        lines = re.split(r"(?m)^(?=    [a-z_]+:)", block)
        rest = lines[1:]
        tail = re.search(r"(?s)\n\n.*$", rest[-1]) if rest else None
        if tail:
            rest[-1] = rest[-1][: tail.start()] + "\n"
        random_.shuffle(rest)
        mixed.append(lines[0] + "".join(rest).replace("better: higher\n", "better: higher   \n") + (tail[0] if tail else ""))
    return head + "kpis:\n\n" + "".join(mixed) + "\n\n\n"


def comments(text: str) -> list[str]:
    return sorted(line.partition("#")[2].strip() for line in text.split("\n") if "#" in line)


@pytest.mark.parametrize("seed", range(8))
def test_the_form_is_one_keeps_comments_and_meaning(seed: int) -> None:
    once = formatted("k.yaml", SHIPPED)
    mixed = shuffled(SHIPPED, seed)
    assert parsed("k.yaml", mixed).root == parsed("k.yaml", SHIPPED).root
    assert formatted("k.yaml", mixed) == once == formatted("k.yaml", once)
    assert comments(once) == comments(SHIPPED)


def test_texts_over_several_lines_stay_as_they_are() -> None:
    text = GOOD.replace(
        "    owner: growth\n",
        "    description: |\n      One,   \n\n\n      two   \n    docs: >-\n      folded\n\n      text\n    owner: 'a\n\n      b'\n",
    )
    once = formatted("k.yaml", text)
    assert parsed("k.yaml", once).root["kpis"]["rate"] == parsed("k.yaml", text).root["kpis"]["rate"]
    assert formatted("k.yaml", once) == once
    assert once.index("description:") < once.index("owner:") < once.index("docs:")


def test_fmt_checks_without_writing_and_refuses_a_broken_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "kpi_definitions.yaml").write_text(GOOD.replace("{value: sessions, label: Visits}", "{value: sessions,  label: Visits}\r"))
    before = text_of(home)
    code, _, err = run(capsys, home, "fmt", "--check")
    assert (code, "+  visits: {label: Visits,  value: sessions}" in err, text_of(home)) == (1, True, before)
    assert run(capsys, home, "fmt")[0] == 0
    assert run(capsys, home, "fmt", "--check")[0] == 0
    (home / "kpi_definitions.yaml").write_text("kpis: [")
    code, _, err = run(capsys, home, "fmt")
    assert (code, "KPI001" in err, text_of(home)) == (2, True, "kpis: [")
    (home / "kpi_definitions.yaml").write_text(GOOD + "  visits: {value: sessions}\n")
    assert run(capsys, home, "fmt")[0] == 2


def test_the_shipped_file_is_in_form() -> None:
    assert formatted("kpi_definitions.yaml", SHIPPED) == SHIPPED, "run: ./kpi fmt"


@pytest.mark.parametrize("kpi", ["rate", "visits"])
def test_a_certificate_is_written_renewed_and_lapses(home: Path, capsys: pytest.CaptureFixture[str], kpi: str) -> None:
    code, _, err = run(capsys, home, "certify", kpi, "--by", "Joint: review")
    assert code == 0, err
    once = text_of(home)
    assert comments(once) == comments(GOOD)
    definitions, issues = check_text("k.yaml", once)
    assert definitions is not None
    certified = definitions.kpis[kpi].certified
    assert certified is not None
    assert (issues, certified.by) == ((), "Joint: review")
    with open_catalog(Workspace(home)) as shop:
        assert certified.hash == shop.kpi(kpi).hash
    (home / "kpi_definitions.yaml").write_text(once.replace("agg: sum, column: sessions", "agg: max, column: sessions"))
    assert [i.code for i in check_text("k.yaml", text_of(home))[1]] == ["KPI042"]
    assert run(capsys, home, "certify", kpi, "--by", "product")[0] == 0
    assert check_text("k.yaml", text_of(home))[1] == ()
    assert text_of(home).count("certified:") == 1


def test_what_has_a_problem_or_fails_its_test_is_not_certified(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = GOOD.replace(
        "    owner: growth\n", "    tests: [{given: [{day: 2026-01-05, sessions: 2, key_events: 1}], expect: {2026-01-05: 1}}]\n"
    )
    for text, kpi, words in (
        (wrong, "rate", "KPI040"),
        (GOOD.replace("value: sessions", "value: sesions"), "visits", "has a problem"),
        (GOOD, "rat", "Did you mean: rate"),
    ):
        (home / "kpi_definitions.yaml").write_text(text)
        code, _, err = run(capsys, home, "certify", kpi, "--by", "growth")
        assert (code, words in err, text_of(home)) == (2, True, text), err
    assert run(capsys, home, "certify", "rate", "--by", "a\nb")[0] == 2


def test_definitions_of_the_project_are_not_edited_from_another_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["new", "fresh"], ["fmt"], ["certify", "sessions", "--by", "growth"]):
        code, _, err = run(capsys, tmp_path, *arguments)
        assert (code, "of its own. Copy" in err) == (2, True), err


def test_explain_says_words_lineage_and_sql(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, shop.space.home, "explain", "conversion_rate", "--json")
    found = json.loads(out)
    assert code == 0
    assert (
        found["words"][0] == "Conversion rate is purchases divided by sessions; both over the whole period first, never a mean of ratios."
    )
    assert "purchases: sum of key_events in web_traffic; a row counts on its day." in found["words"]
    assert {(o["column"], o["fields"]["ga4"]) for o in found["lineage"]} == {
        ("key_events", "keyEvents"),
        ("sessions", "sessions"),
        ("day", "date"),
    }
    assert "SELECT" in found["sql"]
    for name in ("site_speed", "speed_conversion", "velocity", "revenue_per_session", "throughput"):
        code, out, _ = run(capsys, shop.space.home, "explain", name)
        assert (code, "Where" not in out and "vendor's field" in out) == (0, True)
    assert run(capsys, shop.space.home, "explain", "conversion_rat")[0] == 2


@pytest.fixture
def two_versions(tmp_path: Path) -> Path:
    """Three weeks of mobile and desktop; a copy of the file counts mobile alone."""
    rows = [traffic(date(2026, 1, 5 + n), 100 + n, 10) for n in range(21)]
    rows += [{**traffic(date(2026, 1, 5 + n), 50, 1), "device": "desktop"} for n in range(14)]
    catalog(tmp_path, GOOD, {"web_traffic": datetime(2026, 1, 25, 23, tzinfo=UTC)}, web_traffic=rows).close()
    (tmp_path / "draft.yaml").write_text(GOOD.replace("denominator: sessions\n", "denominator: sessions\n    where: {device: mobile}\n"))
    return tmp_path


def test_preview_compares_the_last_periods_before_saving(two_versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["preview", "rate", "--file", str(two_versions / "draft.yaml"), "--grain", "week", "--json"]
    code, out, err = run(capsys, two_versions, *arguments)
    assert code == 0, err
    found = json.loads(out)
    assert (found["words"], found["before"]) == ("where added: device: mobile", "the definitions in force")
    by = {row["period"]: row for row in found["rows"]}
    mobile, desktop = sum(100 + n for n in range(7)), 50 * 7
    first = by["2026-01-05"]
    assert first["old"]["value"] == pytest.approx(77 / (mobile + desktop))
    assert first["new"]["value"] == pytest.approx(70 / mobile)
    assert [by[day]["differs"] for day in ("2026-01-05", "2026-01-12", "2026-01-19")] == [True, True, False]
    code, out, err = run(capsys, two_versions, *arguments[:-1])
    assert code == 0
    assert "2 of 12 periods differ." in err
    assert "=" in out


def test_preview_of_the_saved_file_names_the_version_before_it(two_versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, two_versions, "preview", "rate")
    assert (code, "No other version" in err) == (2, True)
    from metrics import in_force, record_definitions

    space = Workspace(two_versions)
    record_definitions(space, in_force(space).definitions)
    shutil.copy(two_versions / "draft.yaml", space.definitions_file)
    for recorded in (False, True):
        if recorded:
            record_definitions(space, in_force(space).definitions)
        code, out, _ = run(capsys, two_versions, "preview", "rate", "--json")
        found = json.loads(out)
        assert (code, found["words"], "in force since" in found["before"]) == (0, "where added: device: mobile", True)


def test_preview_of_a_new_a_gone_and_a_broken_kpi(two_versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = two_versions / "draft.yaml"
    draft.write_text(GOOD.replace("visits:", "fresh:"))
    _, out, _ = run(capsys, two_versions, "preview", "fresh", "--file", str(draft), "--json")
    assert (json.loads(out)["words"], json.loads(out)["rows"][-1]["old"]) == ("a new KPI", None)
    _, out, _ = run(capsys, two_versions, "preview", "visits", "--file", str(draft), "--json")
    assert (json.loads(out)["words"], json.loads(out)["rows"][-1]["new"]) == ("the KPI goes", None)
    draft.write_text(GOOD.replace("value: sessions", "value: sesions"))
    code, _, err = run(capsys, two_versions, "preview", "visits", "--file", str(draft))
    assert (code, "Did you mean: sessions" in err) == (2, True)
    assert run(capsys, two_versions, "preview", "nothing", "--file", str(draft))[0] == 2
    assert run(capsys, two_versions, "preview", "rate", "--file", str(two_versions / "no.yaml"))[0] == 2


class Reader(HTMLParser):
    """Collects what a page loads, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset", "data")]


def test_docs_are_one_page_that_loads_nothing_and_shows_hostile_text_as_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\\\" & ' https://evil.example/x"
    (home / "kpi_definitions.yaml").write_text(
        GOOD.replace("label: Rate ", f'label: "{hostile[:50]}"\n    description: "{hostile}"\n    tags: ["{hostile}"] ')
    )
    code, _, err = run(capsys, home, "docs", "--out", str(home / "out"))
    assert code == 0, err
    text = (home / "out" / "kpis.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.loads == []
    assert (reader.tags.count("article"), reader.tags.count("script"), reader.tags.count("img")) == (2, 1, 0)
    assert "&lt;script&gt;alert(1)" in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "default-src 'none'" in text
    code, _, err = run(capsys, home, "docs", "--out", "/proc/nowhere")
    assert (code, "--out" in err) == (2, True)
