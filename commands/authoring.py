"""kpi new, kpi fmt and kpi certify: they edit the definitions file, all of it or nothing, and keep its comments."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.common import Home, open_space, say
from errors import ConfigError, DefinitionError, Issue
from metrics.check import Definitions, check_text
from metrics.definitions import is_identifier
from metrics.document import read
from metrics.edit import parsed, same_meaning, with_certificate, with_kpi
from metrics.fmt import formatted
from metrics.marks import definition_hash
from settings import Workspace


def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the KPI: small letters, digits and _.")],
    value: Annotated[str | None, typer.Option(help="A measure or a KPI that it shows.")] = None,
    numerator: Annotated[str | None, typer.Option(help="With --denominator: a ratio.")] = None,
    denominator: Annotated[str | None, typer.Option(help="What the numerator is divided by.")] = None,
    formula: Annotated[str | None, typer.Option(help="Arithmetic over measures and KPIs: 'revenue / sessions'.")] = None,
    home: Home = None,
) -> None:
    """Append a commented block for a new KPI to the definitions, without disturbing them."""
    if not is_identifier(name):
        raise ConfigError(f"'{name}' cannot name a KPI: small letters, digits and _ only, a letter first. Example: page_speed.")
    path = own_file(open_space(context, home))
    before = _text(path)
    document = parsed(path.name, before)
    shows = _shows(list(document.root.get("measures") or {}), value, numerator, denominator, formula)
    after = with_kpi(document, name, shows, datetime.now(UTC).year)
    known = {(issue.code, issue.kpi, issue.message) for issue in check_text(path.name, before)[1]}
    fresh = [issue for issue in check_text(path.name, after)[1] if (issue.code, issue.kpi, issue.message) not in known]
    if any(issue.level == "error" for issue in fresh):
        raise ConfigError("Nothing was written. " + "\n".join(issue.message + _hint(issue) for issue in fresh))
    _write(path, before, after)
    line = parsed(path.name, after).place(("kpis", name))[0]
    say(f"{path.name}:{line}: KPI '{name}' holds. Fill in its lines, then run './kpi check' and './kpi preview {name}'.")


def _shows(measures: list[Any], value: str | None, numerator: str | None, denominator: str | None, formula: str | None) -> str:
    """Return the lines that say what a new KPI shows."""
    ways = [value is not None, numerator is not None or denominator is not None, formula is not None]
    if sum(ways) > 1 or (numerator is None) != (denominator is None):
        raise ConfigError("Say one of: --value, --numerator with --denominator, --formula.")
    if formula is not None:
        return f"    formula: {formula}  # numbers, measures, KPIs, + - * / and parentheses"
    if numerator is not None:
        return f"    numerator: {numerator}  # both are added up over the period, then divided\n    denominator: {denominator}"
    if value is None and not measures:
        raise ConfigError("The file has no measure yet. Add one, for example 'sessions: {table: web_traffic, agg: sum, column: sessions}'.")
    return f"    value: {value or measures[0]}  # a measure or a KPI"


def fmt(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Definitions to form (default: the workspace's).")] = None,
    only_check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when the file would change.")] = False,
    home: Home = None,
) -> None:
    """Give the definitions one order of keys and one spacing; comments and meaning stay."""
    path = file or own_file(open_space(context, home))
    before = _text(path)
    after = formatted(path.name, before)
    if before == after:
        say(f"{path.name}: is in form.")
        return
    if only_check:
        for line in unified_diff(before.splitlines(), after.splitlines(), path.name, "in form", lineterm="", n=1):
            say(line)
        say(f"{path.name}: would change. './kpi fmt' writes it.")
        raise typer.Exit(1)
    _write(path, before, after)
    say(f"{path.name}: formed; it says what it said.")


def certify(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(metavar="KPI", help="The KPI whose definition you vouch for.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who vouches for it.")],
    home: Home = None,
) -> None:
    """Write into the definitions who vouches for this definition of a KPI; it lapses when the definition changes."""
    if not by.strip() or len(by) > 80 or not by.isprintable():
        raise ConfigError("--by: name a person or a team in at most 80 characters. Example: --by 'joint review'.")
    path = own_file(open_space(context, home))
    before = _text(path)
    document, definitions = parsed(path.name, before), _holding(path.name, before)
    mark = ""
    if kpi in definitions.kpis:
        _require_tested(definitions, kpi)
        mark = definition_hash(kpi, definitions.measures, definitions.kpis)
    elif kpi in (document.root.get("kpis") or {}):
        wrong = next((str(issue) for issue in definitions.issues if issue.kpi == kpi), "")
        raise ConfigError(f"KPI '{kpi}' has a problem and cannot be certified. {wrong}")
    after = with_certificate(document, kpi, by.strip(), datetime.now(definitions.calendar.timezone).date(), mark)
    if not same_meaning(path.name, before, after, lambda root: _without(root, kpi)):
        raise DefinitionError(
            f"{path.name}: the line of KPI '{kpi}' cannot be written without changing others; write it by hand: hash {mark}."
        )
    _write(path, before, after)
    say(f"{path.name}: {by.strip()} certified '{kpi}' as {mark}. It lapses when the definition, or anything it is made of, changes.")


def _holding(name: str, text: str) -> Definitions:
    definitions, issues = check_text(name, text)
    if definitions is None:
        raise DefinitionError("\n".join(map(str, issues)), issues)
    return definitions


def _require_tested(definitions: Definitions, kpi: str) -> None:
    """Nobody vouches for a definition whose own tests do not hold."""
    if definitions.kpis[kpi].tests:
        from metrics.selftest import run_tests

        wrong = [issue for issue in run_tests(definitions) if issue.kpi == kpi]
        if wrong:
            raise ConfigError(f"KPI '{kpi}' cannot be certified. {wrong[0]}")


def _without(root: Any, kpi: str) -> Any:
    """Return the document as plain data without the certificate of one KPI."""
    kpis = root.get("kpis") or {}
    rest = {name: {k: v for k, v in body.items() if k != "certified"} if name == kpi else body for name, body in kpis.items()}
    return {**root, "kpis": rest}


def own_file(space: Workspace) -> Path:
    """Return the workspace's own definitions.

    Raises: ConfigError when it uses those that ship with the project: they are not edited from another workspace.
    """
    path = space.definitions_file
    if path.parent != space.home:
        raise ConfigError(f"{space.home}: has no {path.name} of its own. Copy {path} there first, then run this again.")
    return path


def _text(path: Path) -> str:
    raw, issues = read(path)
    if raw is None:
        raise ConfigError(str(issues[0]))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name}: the file is not UTF-8 text. Save it as UTF-8.") from error


def _write(path: Path, before: str, after: str) -> None:
    """Put the new text in the place of the old one in one step, unless somebody saved the file in between."""
    target = path.resolve()
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        if target.read_text(encoding="utf-8-sig") != before.replace("\r\n", "\n"):
            raise ConfigError(f"{path.name}: somebody saved the file just now. Nothing was written; run the command again.")
        unfinished.write_text(after, encoding="utf-8")
        unfinished.chmod(target.stat().st_mode & 0o777)
        unfinished.replace(target)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}). Change its permissions.") from error


def _hint(issue: Issue) -> str:
    return f" {issue.suggestion}" if issue.suggestion else ""
