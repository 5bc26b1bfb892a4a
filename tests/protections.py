"""Takes protections away, one at a time, and shows that the test that guards each turns red.

Run: python -m tests.protections [words], for all or for those whose description holds the words.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "data", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")

JIRA = "tests/connectors/test_jira_incremental.py tests/connectors/test_jira_random_edits.py"


@dataclass(frozen=True, slots=True)
class Protection:
    """A line of a file, what it becomes without the protection, and the test that must fail then."""

    what: str
    file: str
    line: str
    without: str
    test: str


PROTECTIONS = (
    Protection("a body shorter than announced is refused", "connectors/mixpanel/client.py", "if answer.length not in (0, None):", "if False:", "tests/connectors/test_truncation.py"),
    Protection("a gzip body must end with its trailer", "connectors/mixpanel/client.py", "return unpack.eof and not surplus and not unpack.unused_data", "return True", "tests/connectors/test_truncation.py"),
    Protection("an export that ends early is no day", "connectors/mixpanel/client.py", 'if last.endswith(b"terminated early"):', "if False:", "tests/connectors/test_mixpanel.py"),
    Protection("a copy of an event counts once", "store/partitions.py", "if rows == events:", "if True:", "tests/connectors/test_mixpanel_records.py"),
    Protection("rows that GA4 announces must come", "connectors/ga4/client.py", "if received != first.row_count:", "if False:", "tests/connectors/test_ga4_faults.py"),
    Protection("a truncated range never overwrites", "store/gate.py", 'if "truncated" not in batch.flags else TRUNCATED', "", "tests/connectors/test_ga4_faults.py"),
    Protection("a collapse is held", "store/gate.py", "if before >= LEAST_ROWS and rows < before * LEAST_SHARE:", "if False:", "tests/connectors/test_ga4_faults.py"),
    Protection("server errors are budgeted over restarts", "connectors/budget.py", "if count >= most and oldest is not None:", "if False:", "tests/connectors/test_ga4_quota.py"),
    Protection("the day quota ends at midnight in California", "connectors/schedule.py", 'PACIFIC = ZoneInfo("America/Los_Angeles")', 'PACIFIC = ZoneInfo("UTC")', "tests/connectors/test_ga4_quota.py"),
    Protection("a repeated page token ends the search", "connectors/jira/client.py", "if token in seen:", "if len(seen) > 40:", "tests/connectors/test_jira_faults.py"),
    Protection("an account that is nobody sees no empty site", "connectors/jira/site.py", "account = client.require_account()", 'account = client.get("/rest/api/2/myself")', "tests/connectors/test_jira_faults.py"),
    Protection("deleted items stay, marked", "connectors/jira/__init__.py", "keeps_deleted=True", "keeps_deleted=False", "tests/connectors/test_jira_faults.py"),
    Protection("a search that lags behind deletes nothing", "connectors/jira/pull.py", "self._noted(self._by_id(known - census), existing)", "()", JIRA),
    Protection("who names a vanished issue is read again", "connectors/jira/pull.py", "self._by_id(missing | self._neighbours(gone))", "self._by_id(missing)", JIRA),
    Protection("the census collapses before anything vanishes", "store/gate.py", "rows = len(batch.listed)", "return True", JIRA),
    Protection("what is pulled overlaps what was", "connectors/sync.py", "else last - stream.lookback", "else last", JIRA),
    Protection("a clock that was ahead is not built upon", "connectors/sync.py", "if last is None or last > self.now else", "if last is None else", JIRA),
    Protection("other fields make everything be read again", "connectors/jira/__init__.py", "if is_first or _held(window).context(stream) != asked else", "if is_first else", JIRA),
    Protection("a doubled hour hides nothing", "connectors/jira/bounds.py", "wall -= timedelta(hours=1)", "break", JIRA),
    Protection("a link is believed from its end that was updated last", "connectors/jira/items.py", "if any(updated[teller] == last for teller in tellers):", "if tellers:", JIRA),
    Protection("a page full of one instant does not loop", "connectors/jira/worklogs.py", 'max(int(page["until"]), since + 1)', 'int(page["until"])', "tests/connectors/test_jira_extras.py"),
    Protection("an extra that fails does not fail its source", "connectors/sync.py", "if stream.is_optional:", "if False:", "tests/connectors/test_jira_extras.py"),
    Protection("a report is read once", "connectors/jira/reports.py", "or sprint.id in known:", "or False:", "tests/connectors/test_jira_extras.py"),
    Protection("a list of profiles that is short of its total is refused", "connectors/mixpanel/profiles.py", "            if is_short:", "            if False:", "tests/connectors/test_mixpanel_profiles.py"),
    Protection("a part of the profiles replaces nothing", "connectors/mixpanel/profiles.py", "yield Batch(WHOLE, waiting, closes=False)", "yield Batch(WHOLE, waiting)", "tests/connectors/test_mixpanel_profiles.py"),
    Protection("of a profile only what was asked for is kept", "connectors/mixpanel/profiles.py", "for name in sorted(self._settings.profile_properties) if name in held", "for name in held", "tests/connectors/test_mixpanel_profiles.py"),
    Protection("a funnel that may still rise is not complete", "connectors/mixpanel/reports.py", "end + self._settings.funnel_window <= window.until", "end <= window.until", "tests/connectors/test_mixpanel_reports.py"),
    Protection("a cohort that may still rise is not complete", "connectors/mixpanel/reports.py", "settled <= window.until", "True", "tests/connectors/test_mixpanel_reports.py"),
    Protection("queries come out of the budget of the exports", "connectors/mixpanel/client.py", "self.budget.spend()\n        try:\n            with", "try:\n            with", "tests/connectors/test_mixpanel_reports.py"),
    Protection("credentials are taken out of logs", "commands/logs.py", "return redacted(json.dumps(document, default=str))", "return json.dumps(document, default=str)", "tests/cli/test_logs.py"),
    Protection("what a Google key signs is known", "connectors/ga4/credentials.py", 'remember_token(f"{message.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip(\'=\')}")', "pass", "tests/connectors/test_secrets_google.py"),
    Protection("what Google gives for it is known", "connectors/ga4/credentials.py", "remember_token(self.token)", "pass", "tests/connectors/test_secrets_google.py"),
    Protection("a Google key is known line by line", "connectors/ga4/credentials.py", "_remember_key(str(", "str(str(", "tests/connectors/test_secrets_google.py"),
    Protection("Google's words are freed of what they repeat", "connectors/ga4/faults.py", "redacted(sentence)[:300]", "sentence[:300]", "tests/connectors/test_secrets_google.py"),
    Protection("vendors' words are freed of what they repeat", "connectors/http.py", 'text = text.replace(spelling, "***")', "pass", "tests/pages/test_secrets_on_pages.py"),
    Protection("Google's words are on no page as they came", "connectors/ga4/faults.py", "redacted(sentence)[:300]", "sentence[:300]", "tests/pages/test_secrets_on_pages.py"),
    Protection("earlier facts are shown with what was added since", "store/earlier.py", "connection.execute(_view(table, held.get(table.name), path.stem))", "pass", "tests/store/test_earlier_versions.py"),
    Protection("facts of a later version are not read", "store/earlier.py", "if version is not None and int(version) > int(newest):", "if False:", "tests/store/test_earlier_versions.py"),
    Protection("facts of a later version are not overwritten", "store/build.py", "        self._require_known()", "", "tests/store/test_earlier_versions.py"),
    Protection("a refused write is thrown away", "store/build.py", "if self._broken is not None:  # half", "if False:  # half", "tests/store/test_warehouse.py"),
    Protection("a file that is being written is read again", "metrics/document.py", "if raw and same and abs(age) >= SETTLED_SECONDS:", "if True:", "tests/metrics/test_hostile_yaml.py"),
    Protection("a doubled key costs what it belongs to", "metrics/compose.py", "if top.key in top.node:", "if False:", "tests/metrics/test_hostile_yaml.py"),
    Protection("anchors and aliases are refused", "metrics/compose.py", "if isinstance(event, AliasEvent) or event.anchor:", "if False:", "tests/metrics/test_hostile_yaml.py"),
    Protection("the last good version stays in force", "metrics/force.py", "kept = None if last is None else", "kept = None if True else", "tests/metrics/test_history.py"),
    Protection("a wrong calendar breaks the whole file", "metrics/check.py", "if calendar is None:  # days", "if False:  # days", "tests/metrics/test_history.py"),
    Protection("text of the file is escaped in the catalogue", "pages/ui/catalog.py", "{markup(entry.description)}", "{entry.description}", "tests/pages/test_catalog.py"),
    Protection("live numbers are labelled as such", "pages/ui/live.py", 'label = f"{LABEL}{source} · as of', 'label = f"as of', "tests/pages/test_live.py"),
    Protection("live numbers that are old are not shown", "metrics/live.py", "now - allowed <= heard <= now + CLOCK_SLACK", "heard <= now + CLOCK_SLACK", "tests/pages/test_live.py"),
    Protection("dark charts are turned around on paper", "pages/ui/paper.py", ".stEChartsChart canvas { filter: invert(1) hue-rotate(180deg); }", "", "tests/e2e/test_wall_and_paper.py"),
    Protection("dark words are black on paper", "pages/ui/paper.py", '.stApp *:not([style*="color:"]) { color: #000000 !important; }', "", "tests/e2e/test_wall_and_paper.py"),
    Protection("nothing is cut between two sheets", "pages/ui/paper.py", "img { break-inside: avoid; }", "img { break-inside: auto; }", "tests/e2e/test_wall_and_paper.py"),
    Protection("a wall does not scroll", "pages/ui/kiosk.py", "column-gap: 4rem; column-fill: auto; }", "column-gap: 4rem; height: auto; overflow: visible; columns: auto; }\n[data-testid=\"stMain\"] { overflow: auto; }", "tests/e2e/test_wall_and_paper.py"),
    Protection("nobody is let in before the first page is there", "pages/frame/ready.py", "await self._opened.wait()", "pass", "tests/pages/test_ready.py"),
    Protection("text of the file is escaped in kpi docs", "commands/docs.py", "return html.escape(str(value), quote=True)", "return str(value)", "tests/cli/test_authoring.py"),
)  # fmt: skip


def without(protection: Protection) -> bool:
    """Return whether the guarding test fails in a copy of the tree without the protection."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        file = tree / protection.file
        text = file.read_text(encoding="utf-8")
        assert text.count(protection.line) == 1, f"{protection.file}: '{protection.line}' stands there {text.count(protection.line)} times"
        file.write_text(text.replace(protection.line, protection.without), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *protection.test.split()]
        return subprocess.run(command, cwd=tree, capture_output=True, check=False).returncode == 1


def main() -> int:
    """Print one line a protection; return 1 when one could be taken away unnoticed."""
    unnoticed, words = 0, " ".join(sys.argv[1:])
    for protection in (one for one in PROTECTIONS if words in one.what):
        red = without(protection)
        unnoticed += not red
        print(f"{'red' if red else 'NOT NOTICED':12} {protection.what} ({protection.test})", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
