"""Errors: grouped by what to do next, with exit codes that scripts rely on."""

from __future__ import annotations

import pytest

import errors
from errors import BusyError, ConfigError, DashboardError, DefinitionError, Issue, QuotaError, SourceError, StoreError, suggest


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ConfigError, 2),
        (DefinitionError, 2),
        (errors.QueryError, 2),
        (BusyError, 4),
        (StoreError, 1),
        (SourceError, 1),
        (errors.AuthError, 5),
    ],
)
def test_each_class_has_its_exit_code(kind: type[DashboardError], code: int) -> None:
    assert kind("x").exit_code == code


def test_every_source_error_names_its_kind_from_the_shared_words() -> None:
    def below(kind: type[SourceError]) -> set[type[SourceError]]:
        return {kind, *(deeper for direct in kind.__subclasses__() for deeper in below(direct))}

    assert {kind.kind for kind in below(SourceError)} == {"auth", "permission", "config", "quota", "transient", "contract", "plan", "held"}


def test_a_quota_carries_the_wait() -> None:
    assert QuotaError("x", retry_after_seconds=5).retry_after_seconds == 5


def test_an_issue_reads_as_a_line_that_editors_open() -> None:
    assert (
        str(Issue("error", "KPI010", "k.yaml", 4, 7, "x", "unknown key.", "Did you mean: y?"))
        == "k.yaml:4:7: KPI010 unknown key. Did you mean: y?"
    )
    assert str(Issue("error", "KPI001", "k.yaml", 0, 0, None, "gone.")) == "k.yaml: KPI001 gone."


def test_suggestions_are_near_or_none() -> None:
    assert suggest("lable", ["label", "table", "sum"]) == "Did you mean: table, label?"
    assert suggest("zzz", ["label"]) is None
