"""The workspace, the environment and sources.yaml. The only reader of the environment; knows no vendor."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from errors import ConfigError, suggest

PROJECT_ROOT = Path(__file__).resolve().parent
SERVED = "KPI_SERVED"
DEMO_MARKER = "DEMO"
OWN_KEYS = ("connector", "every")
"""Keys of a source that are ours; all others are its connector's."""
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


LEAST_SPELLING = 4
LOG_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_KNOWN: set[str] = set()
"""Spellings of every credential read so far."""
_PASSING: deque[list[str]] = deque(maxlen=50)
"""Spellings of the newest tokens; each is worth something for an hour."""


class Secret:
    """A value that never shows itself: str, repr and format give stars; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        _KNOWN.update(spellings(text))

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


def spellings(secret: str) -> list[str]:
    """Return the forms in which a credential may come back, longest first: as it is, in an address, in JSON, in base64.

    Notes: in base64 three bytes are four characters, so a credential behind others (user:secret) has one of three forms; its first
        and last group may hold neighbours and are left out. A text shorter than four characters is in every sentence by chance.
    """
    plain = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    plain.add(json.dumps(secret, ensure_ascii=False)[1:-1])
    coded = {base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")[4 if shift else 0 : -1] for shift in range(3)}
    return sorted((text for text in plain | coded if len(text) >= LEAST_SPELLING), key=len, reverse=True)


def remember_token(token: str | None) -> None:
    """Take out of all texts from now on a token that was made from a credential, until fifty newer ones have come."""
    if token and not any(token in known for known in _PASSING):
        _PASSING.append(spellings(token))


def redacted(text: str) -> str:
    """Return a text without any credential that was read since the process began, and without the newest tokens made from them."""
    for spelling in sorted(_KNOWN.union(*_PASSING), key=len, reverse=True):
        text = text.replace(spelling, "***")
    return text


def log_level() -> int:
    """Return the level of KPI_LOG_LEVEL; info when it names none.

    Raises: ConfigError for another word.
    """
    word = os.environ.get("KPI_LOG_LEVEL") or "info"
    if word.lower() not in LOG_LEVELS:
        raise ConfigError(f"KPI_LOG_LEVEL is '{word}'. Known levels: {', '.join(LOG_LEVELS)}. {suggest(word, LOG_LEVELS) or ''}".rstrip())
    return LOG_LEVELS[word.lower()]


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder that holds sources.yaml, kpi_definitions.yaml and data/, and the addresses of the two stores."""

    home: Path
    warehouse_url: str | None = None
    ledger_url: str | None = None

    @property
    def data(self) -> Path:
        """The folder of both stores."""
        return self.home / "data"

    @property
    def sources_file(self) -> Path:
        """Where the sources are declared."""
        return self.home / "sources.yaml"

    @property
    def definitions_file(self) -> Path:
        """Where the KPIs are declared: the workspace's own file, else the one that ships with the project."""
        own = self.home / "kpi_definitions.yaml"
        return own if own.exists() else PROJECT_ROOT / own.name

    @property
    def is_demo(self) -> bool:
        """Whether the data come from the sandbox company."""
        return (self.home / DEMO_MARKER).exists()


def workspace(home: str | Path | None = None) -> Workspace:
    """Return the workspace: --home, else KPI_HOME, else the project root.

    Raises: ConfigError when the named folder does not exist.
    """
    named = home or os.environ.get("KPI_HOME")
    folder = Path(named).expanduser().resolve() if named else PROJECT_ROOT
    if not folder.is_dir():
        origin = "--home" if home else "KPI_HOME"
        raise ConfigError(f"{origin}: the folder {folder} does not exist. Create it, or name the folder that holds sources.yaml.")
    return Workspace(folder, os.environ.get("KPI_WAREHOUSE_URL") or None, os.environ.get("KPI_LEDGER_URL") or None)


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a source with its place; `origin` says where the value came from (file, variable)."""

    value: object
    line: int
    origin: str


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source of sources.yaml, its references resolved; the connector's Settings check what the fields mean.

    every: how often 'kpi serve' syncs it.
    """

    name: str
    connector: str
    file: str
    line: int
    fields: Mapping[str, Field]
    every: timedelta = timedelta(hours=1)

    @property
    def token_expires(self) -> date | None:
        """The day on which the source's token ends, when the file says so; a text that is no day is the connector's to refuse."""
        field = self.fields.get("token_expires")
        try:
            return None if field is None else date.fromisoformat(str(field.value))
        except ValueError:
            return None


def load_sources(space: Workspace) -> tuple[SourceEntry, ...]:
    """Return the declared sources, in file order; an absent file gives none.

    Raises: ConfigError with file:line for unreadable YAML, an unknown top-level key, a source without a connector
        or a ${NAME} that is set nowhere.
    """
    return _sources(space, resolve=True)


def declared_sources(space: Workspace) -> tuple[SourceEntry, ...]:
    """Return the same without reading any credential: each ${NAME} stays as it is written. For whoever only tells of the sources.

    Raises: ConfigError like load_sources, but not for a ${NAME} that is set nowhere.
    """
    return _sources(space, resolve=False)


def _sources(space: Workspace, *, resolve: bool) -> tuple[SourceEntry, ...]:
    path = space.sources_file
    if not path.exists():
        return ()
    document = _read_yaml(path)
    known = ("version", "sources")
    for key in document:
        if key not in known:
            hint = suggest(str(key), known)
            raise ConfigError(
                f"{path.name}:{_line(document, key)}: unknown key '{key}'. Known keys: {', '.join(known)}. {hint or ''}".rstrip()
            )
    listed = document.get("sources") or {}
    if not isinstance(listed, Mapping):
        raise ConfigError(f"{path.name}:{_line(document, 'sources')}: 'sources' must map a name to a source. Compare sources.example.yaml.")
    return tuple(_entry(path, listed, name, resolve) for name in listed)


def _entry(path: Path, listed: Any, name: str, resolve: bool) -> SourceEntry:
    line, body = _line(listed, name), listed[name]
    where = f"{path.name}:{line}: source '{name}'"
    if not isinstance(body, Mapping):
        raise ConfigError(f"{where} must be a mapping with a 'connector'. Compare sources.example.yaml.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)):
        raise ConfigError(f"{where}: a source's name has small letters, digits and _ only, and begins with a letter.")
    if "connector" not in body:
        raise ConfigError(f"{where} has no 'connector'. Add one, for example 'connector: ga4'.")
    fields = {
        str(key): _resolve(path, _line(body, key), str(name), str(key), value)
        if resolve
        else Field(value, _line(body, key), f"{path.name}:{_line(body, key)}")
        for key, value in body.items()
        if key not in OWN_KEYS
    }
    every = _interval(body.get("every", "1h"), f"{path.name}:{_line(body, 'every')}: source '{name}'")
    return SourceEntry(str(name), str(body["connector"]), path.name, line, fields, every)


def _interval(text: object, where: str) -> timedelta:
    try:
        return duration(str(text))
    except ValueError as error:
        raise ConfigError(f"{where}: 'every' is '{text}'. Write how often to sync as 15m, 1h or 1d.") from error


def duration(text: str) -> timedelta:
    """Return what 15m, 12h or 14d means.

    Raises: ValueError for anything else.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,3})(m|h|d)", text)
    if match is None:
        raise ValueError(f"'{text}' is no duration. Write it as 15m, 12h or 14d.")
    return int(match[1]) * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[match[2]]


def _resolve(path: Path, line: int, source: str, key: str, value: object) -> Field:
    """Replace ${NAME} from the environment, or from the file that NAME_FILE names."""
    if not isinstance(value, str) or not _REFERENCE.search(value):
        return Field(value, line, f"{path.name}:{line}")
    names = _REFERENCE.findall(value)
    return Field(
        _REFERENCE.sub(lambda m: _variable(m[1], f"{path.name}:{line}: source '{source}', field '{key}'"), value), line, f"${names[0]}"
    )


def _variable(name: str, where: str) -> str:
    if name in os.environ:
        return os.environ[name]
    pointer = os.environ.get(f"{name}_FILE")
    if pointer is None:
        raise ConfigError(
            f"{where}: {name} is not set. Looked for {name} and {name}_FILE in the environment. Set one of them, then run './kpi doctor'."
        )
    try:
        return Path(pointer).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{where}: {name}_FILE names {pointer}, which cannot be read ({error.strerror}).") from error


def _read_yaml(path: Path) -> Any:
    try:
        document = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        raise ConfigError(f"{place}: this is not valid YAML: {error.problem}. Repair the line; './kpi doctor' checks again.") from error
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path.name}: cannot be read: {error}.") from error
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise ConfigError(f"{path.name}:1: must begin with 'version: 1' and 'sources:'. Compare sources.example.yaml.")
    return document


def _line(mapping: Any, key: object) -> int:
    """Return the 1-based line of a key as ruamel.yaml recorded it."""
    try:
        return int(mapping.lc.key(key)[0]) + 1
    except (AttributeError, KeyError, TypeError):
        return 0


def spare_loopback_the_proxy() -> None:
    """Keep the traffic of local servers away from a proxy that the environment names; vendors' libraries obey such a proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        listed = [part for part in os.environ.get(name, "").split(",") if part]
        os.environ[name] = ",".join(dict.fromkeys([*listed, "127.0.0.1", "localhost"]))


def child_environment(space: Workspace) -> dict[str, str]:
    """Return the environment of a process that serves this workspace."""
    return {**os.environ, "KPI_HOME": str(space.home), SERVED: "1"}


def is_served() -> bool:
    """Whether this process was started to serve the pages and does nothing else."""
    return os.environ.get(SERVED) == "1"
