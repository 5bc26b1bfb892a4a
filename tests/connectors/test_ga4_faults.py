"""GA4: what the API may do to a report, over REST and gRPC, and what becomes of the day."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.analytics.data_v1beta.services.beta_analytics_data.transports import (
    BetaAnalyticsDataGrpcTransport,
    BetaAnalyticsDataRestTransport,
)
from google.oauth2 import service_account
from sqlalchemy import func, select

from connectors.ga4 import Connector, Ga4Settings
from connectors.outcome import SyncResult
from errors import AuthError, ConfigError, ContractError, DashboardError, PermissionSourceError, QuotaError, SourceConfigError
from sandbox.ga4 import Ga4Server, error_reply
from sandbox.server import LocalServer, Reply, Request
from store.schema import FACTS
from store.warehouse import Warehouse
from tests.connectors.ga4_grpc import serving
from tests.connectors.test_ga4 import START, VIENNA, connector, read, rows, server, world
from tests.shop import Shop

__all__ = ["server", "world"]


def over_grpc(url: str, **settings: Any) -> Connector:
    return Connector("web", Ga4Settings(property="123456", start=START, endpoint=url, transport="grpc", **settings), VIENNA)


def test_m01_both_transports_bring_the_same_rows(server: Ga4Server) -> None:
    plain = read(connector(server))
    with serving(server) as url:
        same = read(over_grpc(url))
        assert "answers, its zone is Europe/Vienna" in over_grpc(url).check()
    assert [batch.rows for batch in same] == [batch.rows for batch in plain]
    assert [batch.context for batch in same] == ["EUR Europe/Vienna"] * len(plain)


def test_m09_an_answer_of_six_mib_comes_over_our_channel(server: Ga4Server) -> None:
    with serving(server, padding=6 << 20) as url:
        assert len(read(over_grpc(url))) == 7


def test_f04_on_a_channel_of_four_mib_it_is_a_setting_and_no_quota(server: Ga4Server) -> None:
    with serving(server, padding=6 << 20) as url:
        source = over_grpc(url)
        narrow = grpc.insecure_channel(url.removeprefix("http://"))
        source._client._made = BetaAnalyticsDataClient(transport=BetaAnalyticsDataGrpcTransport(channel=narrow))
        source._zone = VIENNA
        with pytest.raises(SourceConfigError, match=r"larger than the channel takes. Use 'transport: rest'"):
            read(source)


@pytest.mark.parametrize(
    ("status", "code", "words", "kind"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 429, "Exhausted property tokens for a property per day.", QuotaError),
        (grpc.StatusCode.PERMISSION_DENIED, 403, "User does not have sufficient permissions for this property.", PermissionSourceError),
        (grpc.StatusCode.INVALID_ARGUMENT, 400, "Please remove itemViewEvents to make the request compatible.", SourceConfigError),
        (grpc.StatusCode.UNAUTHENTICATED, 401, "Request had invalid authentication credentials.", AuthError),
        (grpc.StatusCode.UNAVAILABLE, 503, "The service is currently unavailable.", DashboardError),
        (grpc.StatusCode.INTERNAL, 500, "An internal error has occurred.", DashboardError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 504, "Deadline exceeded.", DashboardError),
    ],
)
def test_m10_both_transports_fail_alike(
    server: Ga4Server, status: grpc.StatusCode, code: int, words: str, kind: type[DashboardError]
) -> None:
    said = []
    with serving(server, refuse=(status, words)) as url, pytest.raises(kind) as refused:
        read(over_grpc(url))
    said.append((type(refused.value), str(refused.value)))
    server.fault = lambda _request, _number: error_reply(code, status.name, words)
    source = connector(server)
    if code == 401:  # without credentials the library itself gives up on a 401
        with pytest.raises(AuthError):
            read(source)
        return
    with pytest.raises(kind) as refused:
        read(source)
    said.append((type(refused.value), str(refused.value)))
    assert said[0][0] is said[1][0]
    assert said[0][1] == said[1][1]


@pytest.mark.parametrize("number", ["G-ABC123", "UA-1-1", "12x"])
def test_m02_a_property_id_that_is_none_is_refused_before_any_call(number: str) -> None:
    with pytest.raises(ConfigError, match="digits only"):
        Ga4Settings(property=number, start=START)


def test_m03_the_check_asks_for_metadata_compatibility_and_one_row(server: Ga4Server) -> None:
    assert "its zone is Europe/Vienna" in connector(server).check()
    paths = [call.path.rsplit("123456", 1)[1] for call in server.calls]
    assert paths == ["/metadata", ":checkCompatibility", ":checkCompatibility", ":batchRunReports"]


def test_m03_f15_fields_that_do_not_go_together_are_named_by_the_check(server: Ga4Server) -> None:
    words = "Please remove landingPage to make the request compatible. The request's dimensions & metrics are incompatible."
    server.fault = lambda request, _number: (
        error_reply(400, "INVALID_ARGUMENT", words) if request.path.endswith("checkCompatibility") else None
    )
    with pytest.raises(SourceConfigError, match="Please remove landingPage"):
        connector(server).check()


def test_m03_an_incompatible_field_in_the_answer_is_named(server: Ga4Server) -> None:
    answer = {"dimensionCompatibilities": [{"dimensionMetadata": {"apiName": "landingPage"}, "compatibility": 2}]}
    server.fault = lambda request, _number: Reply.of(answer) if request.path.endswith("checkCompatibility") else None
    with pytest.raises(SourceConfigError, match="cannot report landingPage together"):
        connector(server).check()


def changed(shop: Shop, change: Any) -> None:
    """Let the property's reports be changed on their way: `change` gets each report."""
    ga4 = shop.servers[0]

    def report(body: Any) -> dict[str, Any]:
        answer = Ga4Server.report(ga4, body)
        change(answer, body)
        return answer

    ga4.report = report  # type: ignore[method-assign]  # only this one server, and only its answers


def days(shop: Shop, table: str = "web_traffic") -> dict[date, int]:
    facts = FACTS[table]
    with Warehouse(shop.space).open() as opened, opened.engine.connect() as connection:
        counted = select(facts.c.slice, func.count()).where(facts.c.source == "web").group_by(facts.c.slice)
        return {day: int(rows) for day, rows in connection.execute(counted)}


def flags(shop: Shop) -> tuple[str, ...]:
    return next(s.flags for s in shop.catalog().coverage() if s.source == "web" and s.stream == "traffic")


def test_m21_a_range_the_vendor_no_longer_keeps_never_overwrites_stored_days(small_shop: Shop) -> None:
    small_shop.sync()
    before = days(small_shop)

    def forget(answer: Any, _body: Any) -> None:
        answer["rows"] = answer.get("rows", [])[:-1]
        answer["rowCount"] = len(answer["rows"])
        answer["metadata"]["dataTruncationReasons"] = [{"dataTruncationType": 1, "dataTruncationDate": "2026-03-20"}]

    changed(small_shop, forget)
    result: SyncResult = small_shop.sync()
    assert result.sources["web"].status == "held"
    assert "no longer keeps" in str(result.sources["web"].error)
    assert days(small_shop) == before


def test_m19_f10_another_currency_is_another_epoch_and_warns(small_shop: Shop) -> None:
    small_shop.sync()
    assert "epochs" not in flags(small_shop)
    changed(small_shop, lambda answer, _body: answer["metadata"].update(currencyCode="USD"))
    small_shop.sync()
    assert "epochs" in flags(small_shop)


def test_m19_another_time_zone_is_another_epoch_and_warns(small_shop: Shop) -> None:
    small_shop.sync()
    changed(small_shop, lambda answer, _body: answer["metadata"].update(timeZone="Europe/Berlin"))
    small_shop.sync()
    assert "epochs" in flags(small_shop)


def test_m13_f14_sampling_and_thresholds_become_flags_of_the_slice(small_shop: Shop) -> None:
    meta = {"subjectToThresholding": True, "samplingMetadatas": [{"samplesReadCount": "9", "samplingSpaceSize": "21"}]}
    changed(small_shop, lambda answer, _body: answer["metadata"].update(meta))
    small_shop.sync()
    assert {"sampled", "thresholded"} <= set(flags(small_shop))
    assert {"sampled", "thresholded"} <= {flag for one in small_shop.catalog().flagged() for flag in one.flags}


def test_m14_f07_a_date_that_is_other_stays_with_its_day_and_is_flagged(small_shop: Shop) -> None:
    def roll_up(answer: Any, _body: Any) -> None:
        if answer.get("rows") and answer.get("dimensionHeaders"):
            answer["rows"][0]["dimensionValues"][0]["value"] = "(other)"

    small_shop.sync()
    before = days(small_shop)
    changed(small_shop, roll_up)
    small_shop.sync()
    assert "other_row" in flags(small_shop)
    assert days(small_shop) == before


def test_m16_f09_a_channel_that_vanished_at_the_vendor_is_gone_after_the_next_sync(small_shop: Shop) -> None:
    small_shop.sync()
    last = max(days(small_shop))
    before = days(small_shop)[last]

    def lose(answer: Any, body: Any) -> None:
        if body["dateRanges"][0]["startDate"] == str(last) and answer.get("rows") and body["dimensions"]:
            answer["rows"] = answer["rows"][1:]
            answer["rowCount"] -= 1

    changed(small_shop, lose)
    small_shop.sync()
    assert days(small_shop)[last] == before - 1


def test_m17_f08_a_collapse_keeps_the_day_and_says_so(small_shop: Shop) -> None:
    small_shop.sync()
    before = days(small_shop)

    def collapse(answer: Any, _body: Any) -> None:
        if answer.get("rows") and len(answer.get("dimensionHeaders", [])) > 1:
            answer["rows"] = answer["rows"][: max(1, len(answer["rows"]) // 50)]
            answer["rowCount"] = len(answer["rows"])

    changed(small_shop, collapse)
    result = small_shop.sync()
    assert (result.sources["web"].status, result.exit_code) == ("held", 3)
    assert days(small_shop) == before


def test_f06_rows_that_never_come_break_the_contract_and_the_day_stays(small_shop: Shop) -> None:
    small_shop.sync()
    before = days(small_shop)

    def announce_more(answer: Any, _body: Any) -> None:
        answer["rowCount"] = answer.get("rowCount", 0) + 5

    changed(small_shop, announce_more)
    result = small_shop.sync()
    assert "announces" in str(result.sources["web"].error)
    assert result.sources["web"].error_kind == "contract"
    assert days(small_shop) == before


def test_m25_f53_vitals_of_other_names_and_units_come_out_right(server: Ga4Server) -> None:
    """A site sends CLS times 1000 under a name of its own: the value is the plain one, the count of ratings the same."""
    plain = rows(read(connector(server), 1))
    sizes = plain[plain["metric"] == "CLS"]

    def rename(request: Request, _number: int) -> Reply | None:
        body = request.json()
        if not request.path.endswith(":batchRunReports") or "dimensionFilter" not in body["requests"][0]:
            return None
        asked = [one["dimensionFilter"]["filter"]["inListFilter"]["values"] for one in body["requests"]]
        assert all("vitals_cls" in values and "CLS" not in values for values in asked)
        for one in body["requests"]:
            one["dimensionFilter"]["filter"]["inListFilter"]["values"] = ["LCP", "INP", "CLS", "TTFB", "FCP"]
        answer = server._batch(body)
        for report in answer["reports"]:
            for row in report.get("rows", []):
                names = [value["value"] for value in row["dimensionValues"]]
                if "CLS" in names:
                    row["dimensionValues"][names.index("CLS")]["value"] = "vitals_cls"
                    row["metricValues"][1]["value"] = str(float(row["metricValues"][1]["value"]) * 1000)
        return Reply.of(answer)

    server.fault = rename
    got = rows(read(connector(server, vital_events={"CLS": "vitals_cls"}, vital_factors={"CLS": "0.001"}), 1))
    same = got[got["metric"] == "CLS"]
    assert len(same) == len(sizes) > 0
    assert same["events"].sum() == sizes["events"].sum()
    assert abs(same["value_sum"].sum() - sizes["value_sum"].sum()) < Decimal("0.01")
    assert got["value_sum"].sum() - same["value_sum"].sum() == plain["value_sum"].sum() - sizes["value_sum"].sum()


@pytest.mark.parametrize(
    "setting", [{"vital_events": {"LPC": "x"}}, {"vital_factors": {"CLS": "a thousandth"}}, {"vital_factors": {"CLS": "0"}}]
)
def test_m25_wrong_vitals_are_refused_with_the_known_ones(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"Known metrics: LCP|no positive number"):
        Ga4Settings(property="1", start=START, **setting)


def test_f12_a_refused_grant_is_asked_for_once_and_ends_the_source(tmp_path: Path) -> None:
    """The token endpoint says invalid_grant; a storm of retries would lock the account."""

    class Tokens(LocalServer):
        def answer(self, request: Request) -> Reply:
            return Reply.of({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, status=400)

    key = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True).stdout
    with Tokens() as tokens:
        info = {
            "type": "service_account",
            "client_email": "bot@example.com",
            "private_key": key,
            "token_uri": f"{tokens.url}/token",
            "private_key_id": "1",
        }
        file = tmp_path / "key.json"
        file.write_text(json.dumps(info))
        source = Connector("web", Ga4Settings(property="123456", start=START, credentials_file=str(file)), VIENNA)
        scopes = ["https://www.googleapis.com/auth/analytics.readonly"]
        credentials = service_account.Credentials.from_service_account_file(str(file), scopes=scopes)  # type: ignore[no-untyped-call]
        source._client._made = BetaAnalyticsDataClient(
            transport=BetaAnalyticsDataRestTransport(host="127.0.0.1:9", credentials=credentials)
        )
        with pytest.raises(AuthError, match="refused the credentials"):
            read(source)
        assert len(tokens.calls) == 1


def test_f13_a_hang_is_left_after_the_timeout_over_grpc_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(DashboardError):
            read(over_grpc(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.5))
        assert time.monotonic() - began < 8


def test_f17_days_of_23_and_25_hours_are_one_slice_each(server: Ga4Server) -> None:
    source = connector(server)
    ends = [batch.complete_through for batch in read(source, until=datetime(2026, 3, 31, 12, tzinfo=UTC))]
    lengths = [(b - a) / timedelta(hours=1) for a, b in itertools.pairwise(ends) if a and b]
    assert lengths[:3] == [24, 23, 24]


def test_m04_f05_a_report_that_shrinks_between_pages_is_read_again_once(server: Ga4Server) -> None:
    server.page_limit = 40
    counts = [0]

    def drift(request: Request, _number: int) -> Reply | None:
        if not request.path.endswith(":runReport"):
            return None
        counts[0] += 1
        if counts[0] != 2:
            return None
        answer = server.report(request.json())
        answer["rowCount"] -= 2
        return Reply.of(answer)

    whole = read(connector(server))
    counts[0] = 0
    server.fault = drift
    again = read(connector(server))
    assert [b.rows.num_rows for b in again] == [b.rows.num_rows for b in whole]


@pytest.mark.parametrize(("written", "kept"), [("0.30000000000000004", "0.3"), ("1.2E-3", "0.0012"), ("12", "12"), ("1e5", "100000")])
def test_m07_amounts_are_read_however_a_float_is_written(server: Ga4Server, written: str, kept: str) -> None:
    def write(request: Request, _number: int) -> Reply | None:
        if not request.path.endswith(":batchRunReports"):
            return None
        answer = server._batch(request.json())
        for report in answer["reports"]:
            for row in report.get("rows", [])[:1]:
                row["metricValues"][-1]["value"] = written
        return Reply.of(answer)

    server.fault = write
    assert read(connector(server))[0].rows["revenue"][0].as_py() == Decimal(kept)


def test_m07_a_number_that_is_none_breaks_the_contract_with_a_sample(server: Ga4Server) -> None:
    def spoil(request: Request, _number: int) -> Reply | None:
        if not request.path.endswith(":batchRunReports"):
            return None
        answer = server._batch(request.json())
        answer["reports"][0]["rows"][0]["metricValues"][0]["value"] = "many"
        return Reply.of(answer)

    server.fault = spoil
    with pytest.raises(ContractError, match="holds 'many', which is not a number"):
        read(connector(server))
