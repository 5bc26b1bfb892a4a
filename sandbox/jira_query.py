"""The part of JQL that the double understands: id, project, sprint, issuetype, labels and updated, joined by AND, and ORDER BY."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.jira_issue import RenderedIssue

_CLAUSE = re.compile(r'(\w+)\s*(>=|=|in)\s*(\([^)]*\)|"[^"]*"|[\w.:-]+)', re.IGNORECASE)


class QueryRefused(Exception):
    """The query is not understood, or not bounded."""


@dataclass(frozen=True, slots=True)
class Query:
    """Clauses that must all hold, and the fields to order by."""

    clauses: tuple[tuple[str, tuple[str, ...]], ...]
    order: tuple[str, ...]


def parse(text: str) -> Query:
    """Return the query; an unbounded one is refused, as Jira Cloud does."""
    head, _, tail = re.split(r"(?i)(\border\s+by\b|$)", text, maxsplit=1)[:3]
    clauses, rest = [], head
    for match in _CLAUSE.finditer(head):
        name, _, raw = match.groups()
        values = tuple(part.strip().strip('"') for part in raw.strip("()").split(","))
        clauses.append((name.lower(), values))
        rest = rest.replace(match[0], "", 1)
    strange = re.sub(r"(?i)\band\b", "", rest).strip()
    if strange:
        raise QueryRefused(f"Error in the JQL Query: '{strange[:60]}' is not understood.")
    if not clauses:
        raise QueryRefused("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    return Query(tuple(clauses), tuple(part.split()[0].lower() for part in tail.split(",") if part.strip()))


def matches(query: Query, issue: RenderedIssue, zone: ZoneInfo) -> bool:
    """Whether an issue fulfils every clause; times are read in the account's zone."""
    return all(_holds(name, values, issue, zone) for name, values in query.clauses)


def _holds(name: str, values: Sequence[str], issue: RenderedIssue, zone: ZoneInfo) -> bool:
    record = issue.record
    match name:
        case "id":
            return record.id in values
        case "project":
            return issue.project in values
        case "issuetype":
            return record.type in values
        case "labels":
            return any(label in values for label in record.labels)
        case "sprint":
            return any(part.strip() in values for part in (issue.sprints or "").split(","))
        case "updated":
            return issue.updated >= _instant(values[0], zone)
        case _:
            raise QueryRefused(f"Field '{name}' does not exist or you do not have permission to view it.")


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """Return what a literal means: epoch milliseconds, or minutes in the account's zone (of a doubled hour, the later one)."""
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone, fold=1).astimezone(UTC)
    except ValueError:
        raise QueryRefused(f"Date value '{text}' for field 'updated' is invalid.") from None


def ordered(issues: Sequence[RenderedIssue], query: Query) -> list[RenderedIssue]:
    """Return the issues in the asked order; by id where nothing else tells them apart."""
    found = sorted(issues, key=lambda issue: int(issue.record.id))
    if "updated" in query.order:
        found.sort(key=lambda issue: issue.updated)
    return found
