"""Which state of the facts and of the definitions a page shows: the present one, or the one that its link is pinned to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from errors import StoreError
from settings import Workspace, workspace
from store.definition_history import file_of
from store.generations import Generations
from store.ledger import Ledger
from store.warehouse import Warehouse

HELD, SEEN_LINK = "pinned_state", "pinned_link"
AS_OF, DEFINITIONS = "asof", "defs"
"""In the address: the generation with the second it was published in, and the first digits of the definitions' digest."""
MARK = re.compile(r"(?P<number>[1-9]\d{0,8})(?:-(?P<published>[0-9a-f]{1,12}))?", re.ASCII)
DIGEST = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class State:
    """What decides every answer: the workspace, the generation and the text of the definitions.

    is_pinned: a link asked for it; problem: why no generation is known.
    """

    home: str
    generation: int | None
    definitions: str
    is_pinned: bool = False
    problem: str = ""

    @property
    def key(self) -> str:
        """The state as one text."""
        return f"{self.home}|{self.generation}|{self.definitions}|{self.is_pinned:d}|{self.problem}"


@dataclass(frozen=True, slots=True)
class Link:
    """What became of a pinned link. state None: what it asks for is gone, and missing says what; note: what of it was not understood."""

    state: State | None = None
    missing: str = ""
    note: str = ""


def space() -> Workspace:
    """Return the workspace of this process."""
    return workspace()


def state() -> State:
    """Return the state that this run of a page shows from its first number to its last."""
    held: State | None = st.session_state.get(HELD)
    return held or present_state()


def present_state() -> State:
    """Return the present state; cheap enough for every run, not for every number of it."""
    here = space()
    text = here.definitions_file.read_bytes() if here.definitions_file.exists() else b""
    digest = hashlib.sha256(text).hexdigest()[:16]
    try:
        return State(str(here.home), Warehouse(here).current(), digest)
    except StoreError as error:
        return State(str(here.home), None, digest, problem=str(error))


def mark(generation: int) -> str:
    """Return how a link names a generation: a warehouse that was made anew counts from 1 again, and is not taken for the old one."""
    at = _generations().published_at(generation)
    return str(generation) if at is None else f"{generation}-{int(at.timestamp()):x}"


def published_at(generation: int) -> datetime | None:
    """Return when a generation was published."""
    return _generations().published_at(generation)


def pin() -> Link:
    """Let this run, and the fragments of it that run again, show one state throughout; return what became of the link's wish.

    Once a visitor followed a pinned link, all pages stay pinned until the visitor asks for the present numbers.
    """
    asked = st.query_params.get(AS_OF), st.query_params.get(DEFINITIONS)
    if asked[0] is None:
        asked = st.session_state.get(SEEN_LINK, (None, None))
    found = _followed(asked[0], asked[1], present_state()) if asked[0] is not None else Link(present_state())
    pinned = found.missing or (found.state is not None and found.state.is_pinned)
    st.session_state[SEEN_LINK] = asked if pinned else (None, None)
    in_address = {AS_OF: asked[0], DEFINITIONS: asked[1]} if pinned else {}
    _write({name: value for name, value in in_address.items() if value is not None})
    st.session_state[HELD] = found.state
    return found


def release() -> None:
    """Show the present numbers from now on."""
    st.session_state[SEEN_LINK] = None, None
    _write({})


def _write(wanted: dict[str, str]) -> None:
    """Make the address name what is shown, in one change of it."""
    known = {name: st.query_params.get_all(name) for name in st.query_params}
    others = {name: values for name, values in known.items() if name not in (AS_OF, DEFINITIONS)}
    if known != {**others, **{name: [value] for name, value in wanted.items()}}:
        st.query_params.from_dict({**others, **wanted})


def _followed(as_of: str | None, digest: str | None, present: State) -> Link:
    named = MARK.fullmatch(as_of or "")
    if named is None or (digest is not None and DIGEST.fullmatch(digest) is None):
        return Link(
            present, note="The link names a state of the data that cannot be read. It is left out, and the present numbers are shown."
        )
    number = int(named["number"])
    at = published_at(number)
    if at is None or (named["published"] is not None and int(named["published"], 16) != int(at.timestamp())):
        return Link(missing=f"the data of generation {number}")
    if digest is not None and digest != present.definitions and file_of(Ledger(space()), digest) is None:
        return Link(missing="the definitions as they were then")
    return Link(State(present.home, number, digest or present.definitions, is_pinned=True))


def _generations() -> Generations:
    return Warehouse(space()).generations
