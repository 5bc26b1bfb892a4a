"""kpi docs: all definitions on one page of HTML that needs no server and no network."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from commands.common import Home, open_space, say
from errors import ConfigError
from metrics import KPI, Catalog, open_catalog
from metrics.entry import Entry, entries, sql_of

HERE = Path(__file__).parent
NAME = "kpis.html"


def docs(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write into; it is made when it is missing.")] = Path(
        "kpi-docs"
    ),
    home: Home = None,
) -> None:
    """Write a catalogue of all KPIs as one page of HTML: searchable, printable, without network."""
    with open_catalog(open_space(context, home)) as catalog:
        text = page(catalog, datetime.now(UTC))
        count = len(catalog.kpis())
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / NAME).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written ({error.strerror}). Name another folder.") from error
    say(f"{out / NAME}: {count} KPIs.")


def page(catalog: Catalog, now: datetime) -> str:
    """Return the whole page. Every text that people wrote is escaped; the page loads nothing and sends nothing."""
    css, script = ((HERE / f"docs.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    articles = "\n".join(_article(catalog.kpi(entry.name), entry, sql_of(catalog, entry.name)) for entry in entries(catalog) if entry.holds)
    broken = "".join(f"<li>{_text(issue)}</li>" for entry in entries(catalog) if not entry.holds for issue in entry.issues)
    missing = f'<section><h2 class="warn">Problems</h2><ul>{broken}</ul></section>' if broken else ""
    guard = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{guard}">
<title>KPI catalogue</title>
<style>
{css}</style>
</head>
<body>
<main>
<h1>KPI catalogue</h1>
<p class="quiet">From {_text(catalog.force.definitions.document.file)}, written {now:%Y-%m-%d %H:%M} UTC. Days begin in {_text(catalog.calendar.timezone)}.</p>
<label for="search">Search by name, description, synonym, tag, owner or team</label>
<input id="search" type="search" autocomplete="off">
<p id="found" class="quiet" role="status"></p>
{missing}
{articles}
</main>
<script>
{script}</script>
</body>
</html>
"""


def _article(kpi: KPI, entry: Entry, sql: str) -> str:
    rows = "".join(
        f"<tr><td>{_text(o.part)}</td><td>{_text(o.table)}.{_text(o.column)}</td><td>{_text(o.meaning)}</td>"
        f"<td>{_text('; '.join(f'{name}: {field}' for name, field in o.fields))}</td></tr>"
        for o in entry.origins
    )
    words = "".join(f"<li>{_text(one)}</li>" for one in entry.words)
    notes = "".join(f'<p class="warn">{_text(issue)}</p>' for issue in entry.issues)
    history = "".join(f"<li>{change.at:%Y-%m-%d}: {_text(change.words)}</li>" for change in entry.history)
    changed = f"<details><summary>History</summary><ul>{history}</ul></details>" if history else ""
    unit = f" · {_text(kpi.unit)}" if kpi.unit else ""
    return f"""<article id="{_text(kpi.name)}" data-words="{_text(entry.search)}">
<h2>{_text(kpi.label)}</h2>
<p class="quiet">{_text(kpi.name)}{unit} · {_text(kpi.team)} · {_text(kpi.owner or "no owner yet")} · {_text(entry.status_words)}</p>
<p>{_text(kpi.description)}</p>{notes}
<ul>{words}</ul>
<details><summary>Where it comes from</summary><div class="scroll"><table><thead><tr><th>Measure</th><th>Column</th><th>Meaning</th><th>Vendor's field</th></tr></thead><tbody>{rows}</tbody></table></div></details>
<details><summary>YAML</summary><pre>{_text(entry.yaml)}</pre></details>
<details><summary>SQL</summary><pre>{_text(sql)}</pre></details>
{changed}</article>"""


def _text(value: object) -> str:
    return html.escape(str(value), quote=True)
