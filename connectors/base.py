"""The contract of a connector, and how its settings are read from one entry of sources.yaml."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import connectors
from connectors.budget import Budget, Limits
from errors import ConfigError, suggest
from settings import Field, Secret, SourceEntry, duration
from store.types import Batch, Stream, Window


class Connector(Protocol):
    """The four verbs of the field: Settings (spec), check, streams (discover), read.

    A connector never writes, never retries, never sleeps, never logs a body and never sees the clock.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Any]]

    def __init__(self, source: str, settings: Any, reporting_zone: ZoneInfo) -> None: ...

    @property
    def start(self) -> date:
        """First day to pull."""

    @property
    def limits(self) -> Limits:
        """How much the vendor may be asked."""

    def use(self, budget: Budget) -> None:
        """Take every call from now on out of this budget."""

    def zone(self) -> ZoneInfo:
        """Return the zone whose days slice this source's streams, but for those that name their own (asks the vendor when only it knows)."""

    def check(self) -> str:
        """Make one cheap call and return a sentence on what it reached; raise ConfigError or SourceError otherwise."""

    def streams(self) -> Sequence[Stream]:
        """Return the streams, cheapest first; makes no call."""

    def read(self, stream: Stream, window: Window) -> Iterator[Batch]:
        """Yield the window's slices, oldest first, each whole and checked; no request before the first next()."""


def option(help: str, *, default: Any = dataclasses.MISSING, secret: bool = False, example: str | None = None) -> Any:
    """Declare one setting of a connector: its help, whether it is secret, and an example for the docs."""
    return dataclasses.field(default=default, metadata={"help": help, "secret": secret, "example": example})


def names() -> tuple[str, ...]:
    """Return the names of all connectors: the modules of this room that define a Connector class."""
    skipped = {"base", "budget", "example", "http", "live", "outcome", "schedule", "sync"}
    return tuple(sorted(m.name for m in pkgutil.iter_modules(connectors.__path__) if m.name not in skipped))


def connector_class(entry: SourceEntry) -> type[Any]:
    """Return the connector named by the entry.

    Raises: ConfigError that lists the known connectors.
    """
    known = names()
    if entry.connector not in known:
        hint = suggest(entry.connector, known) or "Compare sources.example.yaml."
        raise ConfigError(
            f"{entry.file}:{entry.line}: source '{entry.name}' names the unknown connector '{entry.connector}'. "
            f"Known connectors: {', '.join(known)}. {hint}"
        )
    return typing.cast("type[Any]", importlib.import_module(f"connectors.{entry.connector}").Connector)


def build(entry: SourceEntry, reporting_zone: ZoneInfo) -> Connector:
    """Return the connector of one entry, its settings checked; makes no call.

    Raises: ConfigError with file:line, the value, the known fields and a suggestion.
    """
    kind = connector_class(entry)
    return typing.cast(Connector, kind(entry.name, read_settings(kind.Settings, entry), reporting_zone))


def read_settings(kind: type[Any], entry: SourceEntry) -> Any:
    """Return `kind` filled from the entry's fields, each converted to its declared type."""
    declared = {f.name: f for f in dataclasses.fields(kind)}
    types = typing.get_type_hints(kind)
    for key, field in entry.fields.items():
        if key not in declared:
            hint = suggest(key, declared) or ""
            raise ConfigError(
                f"{entry.file}:{field.line}: source '{entry.name}' has the unknown field '{key}'. "
                f"Known fields: {', '.join(sorted(declared))}. {hint}".rstrip()
            )
    values = {}
    for name, field_ in declared.items():
        if name in entry.fields and entry.fields[name].value is not None:
            values[name] = _convert(types[name], entry.fields[name], f"source '{entry.name}', field '{name}'", entry.file, field_)
        elif field_.default is dataclasses.MISSING and field_.default_factory is dataclasses.MISSING:
            raise ConfigError(
                f"{entry.file}:{entry.line}: source '{entry.name}' has no '{name}' ({field_.metadata.get('help', '')}). "
                f"Add '{name}: {field_.metadata.get('example') or '…'}'."
            )
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(f"{entry.file}:{entry.line}: source '{entry.name}': {error}") from error


def _convert(wanted: Any, field: Field, what: str, file: str, declared: dataclasses.Field[Any]) -> object:
    value, options = field.value, [t for t in typing.get_args(wanted) if t is not type(None)]
    target = options[0] if options and typing.get_origin(wanted) is not typing.Literal else wanted
    if typing.get_origin(wanted) in (dict, tuple, Mapping):
        target = wanted
    if target is Secret:
        if field.origin.startswith(file):
            raise ConfigError(
                f"{file}:{field.line}: {what} is secret and must not stand in the file. Write ${{NAME}} and set NAME (or NAME_FILE) in the environment."
            )
        return Secret(str(value))
    try:
        return _as(target, value, declared.name)
    except (ValueError, TypeError, ZoneInfoNotFoundError) as error:
        raise ConfigError(f"{file}:{field.line}: {what}: {error} Example: {declared.metadata.get('example') or '…'}") from error


def _as(target: Any, value: object, name: str) -> object:
    origin = typing.get_origin(target)
    if origin is typing.Literal:
        known = typing.get_args(target)
        if value not in known:
            raise ValueError(f"'{value}' is not one of {', '.join(map(str, known))}. {suggest(str(value), map(str, known)) or ''}".rstrip())
        return value
    if target is date:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    if target is ZoneInfo:
        return ZoneInfo(str(value))
    if target is timedelta:
        return duration(str(value))
    if target is bool:
        if not isinstance(value, bool):
            raise ValueError(f"'{value}' is not true or false.")
        return value
    if target in (int, float):
        return target(str(value))
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"'{value}' must be a list.")
        return tuple(_as(typing.get_args(target)[0], item, name) for item in value)
    if dataclasses.is_dataclass(target):
        return _record(target, value)
    if origin is dict or origin is Mapping:
        if not isinstance(value, Mapping):
            raise ValueError(f"'{value}' must be a mapping.")
        return {str(k): str(v) for k, v in value.items()}
    return str(value)


def _record(kind: Any, value: object) -> object:
    """Return one mapping of a list as `kind`, each of its fields converted; `kind` itself may raise ValueError."""
    known, types = {field.name: field for field in dataclasses.fields(kind)}, typing.get_type_hints(kind)
    if not isinstance(value, Mapping):
        raise ValueError(f"'{value}' must be a mapping with {', '.join(known)}.")
    unknown = [str(key) for key in value if key not in known]
    absent = [key for key, field in known.items() if field.default is dataclasses.MISSING and key not in value]
    if unknown:
        raise ValueError(f"'{unknown[0]}' is unknown. Known: {', '.join(known)}. {suggest(unknown[0], known) or ''}".rstrip())
    if absent:
        raise ValueError(f"{', '.join(absent)} is missing.")
    return kind(**{key: _as(types[key], item, key) for key, item in value.items()})
