"""The lineage in words agrees with what the connectors ask their vendors for."""

from __future__ import annotations

from connectors import base
from connectors.ga4.reports import TRAFFIC, VITALS
from connectors.mixpanel.rows import INSERT, USER
from store.lineage import LINEAGE, vendor_fields
from store.schema import FACTS

NOT_FILLED = {"campaigns", "milestones"}
"""Tables that no connector fills yet."""


def test_every_column_that_a_connector_fills_says_where_it_comes_from() -> None:
    assert set(LINEAGE) == set(base.names())
    told = {table: set(columns) for tables in LINEAGE.values() for table, columns in tables.items()}
    wanted = {name: {c.name for c in table.columns} - {"source", "slice"} for name, table in FACTS.items() if name not in NOT_FILLED}
    assert told == wanted


def test_google_analytics_is_asked_for_exactly_these_fields() -> None:
    for kind in (TRAFFIC, VITALS):
        assert LINEAGE["ga4"][kind.table] == {"day": "date", **dict(kind.fields)}


def test_mixpanels_ids_are_named() -> None:
    assert LINEAGE["mixpanel"]["events"]["user_id"] == USER
    assert LINEAGE["mixpanel"]["events"]["dedupe_key"] == INSERT
    assert vendor_fields("web_traffic", "key_events") == (("ga4", "keyEvents"),)
    assert vendor_fields("campaigns", "name") == ()
