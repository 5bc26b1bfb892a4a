"""Takes protections away, one at a time, and shows that the test that guards each turns red. Run: python -m tests.protections"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "data", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")


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
    Protection("a copy of an event counts once", "store/stage.py", "if rows == events:", "if True:", "tests/connectors/test_mixpanel_records.py"),
    Protection("rows that GA4 announces must come", "connectors/ga4/client.py", "if received != first.row_count:", "if False:", "tests/connectors/test_ga4_faults.py"),
    Protection("a truncated range never overwrites", "store/gate.py", 'if "truncated" not in batch.flags else TRUNCATED', "", "tests/connectors/test_ga4_faults.py"),
    Protection("a collapse is held", "store/gate.py", "if before >= LEAST_ROWS and rows < before * LEAST_SHARE:", "if False:", "tests/connectors/test_ga4_faults.py"),
    Protection("server errors are budgeted over restarts", "connectors/budget.py", "if count >= most and oldest is not None:", "if False:", "tests/connectors/test_ga4_quota.py"),
    Protection("the day quota ends at midnight in California", "connectors/schedule.py", 'PACIFIC = ZoneInfo("America/Los_Angeles")', 'PACIFIC = ZoneInfo("UTC")', "tests/connectors/test_ga4_quota.py"),
    Protection("a repeated page token ends the search", "connectors/jira/client.py", "if token in seen:", "if len(seen) > 40:", "tests/connectors/test_jira_faults.py"),
    Protection("an account that is nobody sees no empty site", "connectors/jira/scan.py", "client.require_account()", "pass", "tests/connectors/test_jira_faults.py"),
    Protection("deleted items stay, marked", "connectors/jira/__init__.py", 'keeps_deleted=name == "work_items"', "keeps_deleted=False", "tests/connectors/test_jira_faults.py"),
    Protection("credentials are taken out of logs", "commands/logs.py", "return redacted(json.dumps(document, default=str))", "return json.dumps(document, default=str)", "tests/cli/test_logs.py"),
    Protection("a refused write is thrown away", "store/build.py", "if self._broken is not None:  # half", "if False:  # half", "tests/e2e/test_disk_full.py"),
    Protection("a file that is being written is read again", "metrics/document.py", "if raw and same and abs(age) >= SETTLED_SECONDS:", "if True:", "tests/metrics/test_hostile_yaml.py"),
    Protection("a doubled key costs what it belongs to", "metrics/compose.py", "if top.key in top.node:", "if False:", "tests/metrics/test_hostile_yaml.py"),
    Protection("anchors and aliases are refused", "metrics/compose.py", "if isinstance(event, AliasEvent) or event.anchor:", "if False:", "tests/metrics/test_hostile_yaml.py"),
    Protection("the last good version stays in force", "metrics/force.py", "kept = None if last is None else", "kept = None if True else", "tests/metrics/test_history.py"),
    Protection("a wrong calendar breaks the whole file", "metrics/check.py", "if calendar is None:  # days", "if False:  # days", "tests/metrics/test_history.py"),
    Protection("text of the file is escaped in the catalogue", "pages/ui/catalog.py", "{markup(entry.description)}", "{entry.description}", "tests/pages/test_catalog.py"),
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
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", protection.test]
        return subprocess.run(command, cwd=tree, capture_output=True, check=False).returncode == 1


def main() -> int:
    """Print one line a protection; return 1 when one could be taken away unnoticed."""
    unnoticed = 0
    for protection in PROTECTIONS:
        red = without(protection)
        unnoticed += not red
        print(f"{'red' if red else 'NOT NOTICED':12} {protection.what} ({protection.test})", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
