"""GA4: the real client library against the double: whole reports or typed errors."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.compute as pc
import pytest

from connectors.ga4 import Connector, Ga4Settings
from errors import (
    AuthError,
    ConfigError,
    ContractError,
    DashboardError,
    PermissionSourceError,
    QuotaError,
    SourceConfigError,
    TransientSourceError,
)
from sandbox.ga4 import Ga4Server, error_reply
from sandbox.server import Reply, Request
from sandbox.world import World, make_world
from store.types import Batch, Window, day_end

VIENNA = ZoneInfo("Europe/Vienna")
START = date(2026, 3, 27)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(3, start=START, days=6)


@pytest.fixture
def server(world: World) -> Iterator[Ga4Server]:
    with Ga4Server(world.company) as running:
        yield running


def connector(server: Ga4Server, **settings: Any) -> Connector:
    given: dict[str, Any] = {"property": "123456", "start": START, "endpoint": server.url, **settings}
    return Connector("web", Ga4Settings(**given), VIENNA)


def read(source: Connector, stream: int = 0, *, until: datetime | None = None) -> list[Batch]:
    now = until or day_end(START + timedelta(days=5), VIENNA) + timedelta(hours=9)
    return list(source.read(source.streams()[stream], Window(datetime(2026, 3, 26, 23, tzinfo=UTC), now)))


def rows(batches: list[Batch]) -> pd.DataFrame:
    return pd.concat([batch.rows.to_pandas() for batch in batches], ignore_index=True)


def post(url: str, body: object) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


def test_traffic_equals_the_visits_cell_by_cell(server: Ga4Server, world: World) -> None:
    got = (
        rows(read(connector(server)))
        .groupby(["day", "device", "channel", "landing_page", "campaign"])[["sessions", "key_events", "revenue"]]
        .sum()
    )
    visits = world.company.visits.assign(
        day=lambda f: f["day"].dt.date, revenue=lambda f: [Decimal(int(c)) / 100 for c in f["revenue_cents"]]
    )
    want = visits.groupby(["day", "device", "channel", "landing_page", "campaign"]).agg(
        sessions=("time", "size"), key_events=("purchases", "sum"), revenue=("revenue", "sum")
    )
    pd.testing.assert_frame_equal(got.sort_index(), want.sort_index(), check_dtype=False)


def test_vitals_equal_the_page_views_that_measured_them(server: Ga4Server, world: World) -> None:
    got = rows(read(connector(server), 1))
    lcp = got[got["metric"] == "LCP"].groupby("rating")[["events", "value_sum"]].sum()
    measured = world.company.actions["lcp_ms"].dropna()
    rating = pd.cut(measured, [0, 2500, 4000, 1e9], labels=["good", "needs-improvement", "poor"])
    assert lcp["events"].to_dict() == rating.value_counts().to_dict()
    assert lcp["value_sum"].sum() == Decimal(int(measured.sum()))


def test_each_day_is_a_slice_complete_through_its_local_end(server: Ga4Server) -> None:
    batches = read(connector(server))
    assert [batch.slice for batch in batches] == [START + timedelta(days=n) for n in range(7)]
    # the clocks go forward on 29 March 2026: that day ends at 22:00 UTC, the one before at 23:00
    assert [batch.complete_through for batch in batches[1:3]] == [
        datetime(2026, 3, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    ]
    assert (batches[-1].complete_through, batches[-1].flags, batches[-1].rows.num_rows) == (None, ("provisional",), 0)


def test_small_pages_bring_the_same_rows(world: World, server: Ga4Server) -> None:
    with Ga4Server(world.company, page_limit=7) as small:
        paged, whole = rows(read(connector(small))), rows(read(connector(server)))
        assert len(small.calls) > len(server.calls)
    pd.testing.assert_frame_equal(paged, whole)


def test_nothing_is_asked_before_the_first_batch_is_wanted(server: Ga4Server) -> None:
    source = connector(server)
    source.read(source.streams()[0], Window(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)))
    assert server.calls == []


def test_explicit_days_go_over_the_wire_in_batches_of_five(server: Ga4Server) -> None:
    read(connector(server))
    batches = [call.json() for call in server.calls if call.path.endswith(":batchRunReports")]
    sizes = [len(body["requests"]) for body in batches]
    assert sizes == [1, 5, 2]  # the zone, then seven days
    day = batches[1]["requests"][0]
    assert day["dateRanges"] == [{"startDate": "2026-03-27", "endDate": "2026-03-27"}]
    assert (day["returnPropertyQuota"], day["limit"]) == (True, "100000")


def altered(server: Ga4Server, change: Any, *, on: str = "batchRunReports") -> Any:
    """Return a fault that changes the vendor's own answers to one method."""

    def fault(request: Request, number: int) -> Reply | None:
        if not request.path.endswith(on):
            return None
        document = json.loads(server.answer(request).body)
        for report in document.get("reports", [document]):
            change(report, number)
        return Reply.of(document)

    return fault


def test_rows_that_are_announced_but_missing_stop_the_day(server: Ga4Server) -> None:
    withheld = altered(server, lambda report, _n: report.get("rows", []).pop() if report.get("rowCount", 0) > 3 else None)
    nothing = altered(server, lambda report, _n: report.pop("rows", None), on=":runReport")
    server.fault = lambda request, number: withheld(request, number) or nothing(request, number)
    with pytest.raises(ContractError, match=r"announces \d+ rows, but \d+ came"):
        read(connector(server))


def test_a_count_that_changes_between_pages_starts_the_day_again_once(world: World) -> None:
    with Ga4Server(world.company, page_limit=40) as server:
        drifted: list[int] = []

        def drift(report: Any, number: int) -> None:
            if not drifted:
                drifted.append(number)
                report["rowCount"] += 1

        server.fault = altered(server, drift, on=":runReport")
        assert len(rows(read(connector(server)))) == len(rows(read(connector(server))))
        assert drifted
        server.fault = altered(server, lambda report, n: report.update(rowCount=report["rowCount"] + n), on=":runReport")
        with pytest.raises(ContractError, match="changed between pages, twice"):
            read(connector(server))


def test_m06_columns_are_taken_by_their_header_not_by_their_place(server: Ga4Server) -> None:
    def reverse(report: Any, _number: int) -> None:
        for name in ("dimensionHeaders", "metricHeaders"):
            report.get(name, []).reverse()
        for row in report.get("rows", []):
            row.get("dimensionValues", []).reverse()
            row["metricValues"].reverse()

    straight = rows(read(connector(server)))
    server.fault = altered(server, reverse)
    pd.testing.assert_frame_equal(rows(read(connector(server))), straight)


def test_a_rolled_up_date_stays_with_its_day_and_raises_a_flag(server: Ga4Server) -> None:
    def other(report: Any, _number: int) -> None:
        if report.get("rows") and report["rows"][0].get("dimensionValues"):
            report["rows"][0]["dimensionValues"][0]["value"] = "(other)"

    whole = len(rows(read(connector(server))))
    server.fault = altered(server, other)
    batches = read(connector(server))
    assert len(rows(batches)) == whole
    assert all("other_row" in batch.flags for batch in batches[:-1])


def test_the_vendors_quality_marks_become_flags(server: Ga4Server) -> None:
    def mark(report: Any, _number: int) -> None:
        report["metadata"] |= {
            "dataLossFromOtherRow": True,
            "subjectToThresholding": True,
            "samplingMetadatas": [{"samplesReadCount": "9", "samplingSpaceSize": "21"}],
            "schemaRestrictionResponse": {"activeMetricRestrictions": [{"metricName": "purchaseRevenue", "restrictedMetricTypes": [2]}]},
        }

    server.fault = altered(server, mark)
    assert read(connector(server))[0].flags == ("other_row", "restricted", "sampled", "thresholded")


def test_m05_f11_unknown_fields_and_named_enums_are_no_trouble(server: Ga4Server) -> None:
    server.fault = altered(server, lambda report, _n: report.update(somethingNew={"a": 1}))
    assert len(rows(read(connector(server)))) > 0


def test_a_number_that_is_none_is_named(server: Ga4Server) -> None:
    def spoil(report: Any, _number: int) -> None:
        if report.get("rows") and len(report["metricHeaders"]) > 1:
            report["rows"][0]["metricValues"][0]["value"] = "many"

    server.fault = altered(server, spoil)
    with pytest.raises(ContractError, match="'many', which is not a number"):
        read(connector(server))


QUOTA = "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (error_reply(429, "RESOURCE_EXHAUSTED", QUOTA), QuotaError, "quota of property 123456 is used up"),
        (
            error_reply(429, "RESOURCE_EXHAUSTED", "Received message larger than max (6291456 vs. 4194304)"),
            SourceConfigError,
            "transport: rest",
        ),
        (
            error_reply(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property."),
            PermissionSourceError,
            "123456.*Viewer",
        ),
        (
            error_reply(400, "INVALID_ARGUMENT", "Please remove itemViewEvents to make the request compatible."),
            SourceConfigError,
            "Please remove itemViewEvents",
        ),
        (error_reply(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), AuthError, "refused the credentials"),
        (error_reply(503, "UNAVAILABLE", "The service is currently unavailable."), TransientSourceError, "has a fault"),
        (Reply(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}), TransientSourceError, "has a fault"),
    ],
)
def test_every_refusal_has_its_class_and_names_the_property(
    server: Ga4Server, reply: Reply, kind: type[DashboardError], words: str
) -> None:
    server.fault = lambda _request, _number: reply
    with pytest.raises(kind, match=words) as refused:
        read(connector(server))
    assert "web: " in str(refused.value)
    assert "http" not in str(refused.value)
    assert len(server.calls) <= 1  # the library must not try again by itself


def test_a_vendor_that_hangs_is_left_after_the_timeout(server: Ga4Server) -> None:
    def hang(_request: Request, _number: int) -> None:
        time.sleep(1.5)

    server.fault = hang
    with pytest.raises(TransientSourceError, match="time ran out"):
        read(connector(server, timeout_seconds=0.3))


def test_a_vendor_that_is_not_there_is_named(world: World) -> None:
    with Ga4Server(world.company) as gone:
        url = gone.url
    with pytest.raises(TransientSourceError, match=f"no connection, {url}"):
        list(Connector("web", Ga4Settings(property="123456", start=START, endpoint=url), VIENNA).check())


@pytest.mark.parametrize(("property_id", "words"), [("G-ABC123", "measurement id"), ("UA-1-1", "measurement id"), ("12a", "digits only")])
def test_a_wrong_property_id_is_refused_before_any_call(property_id: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Ga4Settings(property=property_id, start=START)


def test_missing_credentials_are_named(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Connector("web", Ga4Settings(property="1", start=START, credentials_file=str(tmp_path / "none.json")), VIENNA).check()
    (tmp_path / "key.json").write_text("{}")
    with pytest.raises(ConfigError, match="not a service account's JSON key"):
        Connector("web", Ga4Settings(property="1", start=START, credentials_file=str(tmp_path / "key.json")), VIENNA).check()


def test_the_check_says_what_it_reached(server: Ga4Server) -> None:
    assert connector(server).check() == "property 123456 answers, its zone is Europe/Vienna."
    assert "not registered" in connector(server, rating_dimension="customEvent:grade").check()


def test_the_double_speaks_the_wire_as_google_does(server: Ga4Server, world: World) -> None:
    url = f"{server.url}/v1beta/properties/123456"
    body = {
        "dimensions": [{"name": "date"}],
        "metrics": [{"name": "sessions"}],
        "dateRanges": [{"startDate": "2026-03-27", "endDate": "2026-03-28"}],
    }
    answer = post(f"{url}:runReport", {**body, "limit": "1", "offset": "1", "metricAggregations": [1]})
    assert (answer["rowCount"], len(answer["rows"]), answer["metadata"]["timeZone"]) == (2, 1, "Europe/Vienna")
    days = world.company.visits["day"].dt.date
    assert answer["totals"][0]["metricValues"][0]["value"] == str(int((days <= date(2026, 3, 28)).sum()))
    empty = post(f"{url}:runReport", {**body, "dateRanges": [{"startDate": "2020-01-01", "endDate": "2020-01-01"}]})
    assert "rows" not in empty
    assert "rowCount" not in empty
    noon = world.company.now - timedelta(hours=9)
    server.clock = lambda: noon
    live = post(f"{url}:runRealtimeReport", {"metrics": [{"name": "activeUsers"}]})
    assert "metadata" not in live
    assert int(live["rows"][0]["metricValues"][0]["value"]) > 0
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(f"{url}:runReport", {**body, "metrics": [{"name": "sesions"}]})
    assert json.load(refused.value)["error"]["status"] == "INVALID_ARGUMENT"
    refused.value.close()


def test_compute_of_all_days_is_the_sum_of_the_rows(server: Ga4Server, world: World) -> None:
    total = sum(pc.sum(batch.rows["sessions"]).as_py() or 0 for batch in read(connector(server)))
    assert total == len(world.company.visits)
