"""Turns what the models refuse into issues: the place, the value, what is known, the nearest right word. Knows no table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from errors import Issue, suggest
from metrics.definitions import KPI
from metrics.document import Document, Path_

_BRANCHES = frozenset({"Condition", "bool", "int", "float", "str", "date"})
"""How pydantic names the branches of a union inside a place."""
_WANTS = {
    "string_type": "text is wanted; put quotes around it",
    "list_type": "a list is wanted, for example [a, b]",
    "dict_type": "a mapping is wanted, for example {key: value}",
    "model_type": "a mapping is wanted, for example {key: value}",
    "bool_type": "true or false is wanted",
    "int_type": "a number is wanted",
    "float_type": "a number is wanted",
    "date_type": "a day is wanted, for example 2026-01-31 without quotes",
    "too_short": "at least one is wanted",
    "finite_number": "a finite number is wanted",
}
_AGGREGATES = ("sum", "count", "count_distinct", "avg", "min", "max", "median", "p50", "p75", "p90", "p95", "p99")


def model(document: Document, path: Path_, kind: type[BaseModel], body: object, found: list[Issue], kpi: str | None) -> Any:
    """Return the validated model, or None with its problems added to `found`."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        found += dict.fromkeys(_issues(document, path, kind, error.errors(include_url=False), kpi))
        return None


def _issues(document: Document, path: Path_, kind: type[BaseModel], problems: Sequence[Any], kpi: str | None) -> Iterator[Issue]:
    told = [problem for problem in problems if _is_the_branch(problem, problems)]
    misspelt = {
        (_inner(problem)[:-1], near)
        for problem in told
        if problem["type"] == "extra_forbidden"
        for near in _near(str(problem["loc"][-1]), _known(kind, _inner(problem)[:-1]))
    }
    for problem in told:
        inner = _inner(problem)
        if problem["type"] == "missing" and (inner[:-1], inner[-1]) in misspelt:
            continue
        yield _issue(document, path, kind, problem, kpi)


def _inner(problem: Any) -> Path_:
    """Return the place of a problem without the names of the union's branches."""
    parts: list[Any] = []
    for part in problem["loc"]:
        if not (isinstance(part, str) and (part in _BRANCHES or "[" in part)):
            parts.append(part)
    return tuple(parts)


def _is_the_branch(problem: Any, problems: Sequence[Any]) -> bool:
    """Of a value that fits no branch of a union, only the branch that it looks like is worth a word."""
    loc = problem["loc"]
    at = next((n for n, part in enumerate(loc) if isinstance(part, str) and (part in _BRANCHES or "[" in part)), None)
    if at is None:
        return True
    same = [other["loc"] for other in problems if other["loc"][:at] == loc[:at] and len(other["loc"]) > at]
    branches = list(dict.fromkeys(str(other[at]) for other in same))
    deep = [str(other[at]) for other in same if len(other) > at + 1]
    return str(loc[at]) == (deep[0] if deep else branches[0])


def _issue(document: Document, path: Path_, kind: type[BaseModel], problem: Any, kpi: str | None) -> Issue:
    """Turn pydantic's words into ours: the key, the value, what is known, the nearest word."""
    inner = _inner(problem)
    subject = f"KPI '{kpi}'" if kpi else " ".join(map(str, path[:2]))
    where, key, value = (*path, *inner), inner[-1] if inner else None, problem.get("input")
    match problem["type"]:
        case "extra_forbidden":
            known = _known(kind, inner[:-1])
            words = f"{subject} has the unknown key '{key}'. Known keys: {', '.join(known)}."
            return document.issue("KPI010", where, words, kpi=kpi, suggestion=suggest(str(key), known) or _elsewhere(str(key), inner))
        case "missing":
            words = f"{subject} lacks '{key}'{_inside(inner)}.{_example(kind, inner)}"
            return document.issue("KPI013", (*path, *inner[:-1]), words, kpi=kpi)
        case "literal_error":
            known = [word.strip().strip("'") for word in problem["ctx"]["expected"].replace(" or ", ", ").split(", ")]
            words = f"{subject}: '{_name(inner)}' is '{_short(value)}'. Known: {', '.join(known)}."
            return document.issue("KPI014", where, words, kpi=kpi, suggestion=suggest(str(value), known), at="value")
        case "value_error":
            return document.issue("KPI015", where, f"{subject}: {problem['ctx']['error']}.", kpi=kpi)
        case "invalid_key" | "string_pattern_mismatch" if "[key]" in problem["loc"]:
            return document.issue("KPI012", where, f"{subject}: '{key}' cannot be a name.", kpi=kpi)
        case _:
            return _unfit(document, where, kind, problem, inner, subject, kpi)


def _unfit(document: Document, where: Path_, kind: type[BaseModel], problem: Any, inner: Path_, subject: str, kpi: str | None) -> Issue:
    value = problem.get("input")
    if not inner:
        words = f"{subject} is '{_short(value)}': a mapping is wanted, for example {{value: sessions}}. Is this line indented as its neighbours?"
        return document.issue("KPI014", where, words, kpi=kpi)
    said = f"{problem['msg'][0].lower()}{problem['msg'][1:]}"
    wants = _WANTS.get(problem["type"], said)
    example = _example(kind, inner) if problem["type"] not in ("date_type", "list_type", "dict_type", "model_type") else ""
    if inner[-1] == "agg":
        wants, hint = f"known: {', '.join(_AGGREGATES[:7])} and any pNN", suggest(str(value), _AGGREGATES)
        return document.issue("KPI014", where, f"{subject}: 'agg' is '{_short(value)}'; {wants}.", kpi=kpi, suggestion=hint, at="value")
    words = f"{subject}: '{_name(inner)}' is {_short(value)!r}: {wants}.{example}"
    return document.issue("KPI014", where, words, kpi=kpi, at="value")


def _short(value: object) -> object:
    """Return a value that may be long as one that can be read."""
    if isinstance(value, Mapping | list):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    return value[:60] + "…" if isinstance(value, str) and len(value) > 60 else value


def _name(inner: Path_) -> str:
    """Return the key that a place is about; an item of a list has the key of its list."""
    return str(next((part for part in reversed(inner) if isinstance(part, str)), inner[-1]))


def _inside(inner: Path_) -> str:
    outer = [str(part) for part in inner[:-1] if isinstance(part, str)]
    return f" in '{outer[-1]}'" if outer else ""


def _example(kind: type[BaseModel], inner: Path_) -> str:
    """Return the first example that the model's field declares."""
    holder = _model_at(kind, inner[:-1])
    for name, one in holder.model_fields.items() if holder else ():
        if inner[-1] in (name, one.alias) and one.examples:
            return f" Example: {inner[-1]}: {one.examples[0]}."
    return ""


def _near(word: str, known: Sequence[str]) -> list[str]:
    hint = suggest(word, known) or ""
    return hint.removeprefix("Did you mean: ").rstrip("?").split(", ")


def _elsewhere(key: str, inner: Path_) -> str | None:
    """A key of the outer level that slipped into an inner one."""
    if len(inner) > 1 and key in KPI.model_fields:
        return f"'{key}' is a key of the KPI: indent it as the KPI's other keys."
    return None


def _known(kind: type[BaseModel], inner: Path_) -> list[str]:
    """Return the keys that the model at `inner` takes."""
    holder = _model_at(kind, inner) or kind
    return sorted(one.alias or name for name, one in holder.model_fields.items())


def _model_at(kind: type[BaseModel], inner: Path_) -> type[BaseModel] | None:
    """Return the model at a place inside another, following the fields' types."""
    found: type[BaseModel] | None = kind
    for part in inner:
        if isinstance(part, int) or found is None:
            continue
        named = next((one for name, one in found.model_fields.items() if part in (name, one.alias)), None)
        if named is not None:
            found = next(_models_in(named.annotation), None)
        elif found is not kind or not inner:
            continue
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models inside a type: of lists, mappings and unions, too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    annotation = getattr(annotation, "__value__", annotation)
    for inner in get_args(annotation):
        yield from _models_in(inner)
