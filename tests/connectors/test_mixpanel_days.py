"""Mixpanel: days that change after they were read, and what a project may be set to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from mixpanel_utils import MixpanelUtils
from sqlalchemy import func, select

from connectors.mixpanel import Connector, MixpanelSettings
from errors import PermissionSourceError
from sandbox.mixpanel import MixpanelServer, error_reply
from settings import Secret
from store.schema import events
from store.types import Window
from store.warehouse import Warehouse
from tests.connectors.mixpanel_company import DAY, FOUR, VIENNA, answering, company, connector, read_day
from tests.shop import Shop


def per_day(shop: Shop) -> dict[date, tuple[int, int]]:
    """Return vendor day → (events, users)."""
    wanted = select(events.c.slice, func.count(), func.count(events.c.user_id.distinct())).group_by(events.c.slice)
    with Warehouse(shop.space).open() as facts, facts.engine.connect() as connection:
        return {day: (int(n), int(users)) for day, n, users in connection.execute(wanted)}


def yesterday(shop: Shop, back: int = 0) -> date:
    return max(per_day(shop)) - timedelta(days=1 + back)


def actions_of(shop: Shop, day: date) -> Any:
    frame = shop.world.company.actions
    return frame.index[pd.to_datetime(frame["time"], unit="s", utc=True).dt.date == day]


def test_f26_people_that_were_merged_leave_no_ghosts(small_shop: Shop) -> None:
    """The export names the canonical person at its time: after a merge the same events come under another id."""
    small_shop.sync()
    day = yesterday(small_shop)
    before = per_day(small_shop)[day]
    frame = small_shop.world.company.actions
    rows = actions_of(small_shop, day)
    one, other = frame.loc[rows, "user_id"].unique()[:2]
    frame.loc[frame["user_id"] == other, "user_id"] = one
    small_shop.servers[1].invalidate()
    small_shop.sync()
    assert per_day(small_shop)[day] == (before[0], before[1] - 1)


def test_f27_an_event_that_comes_four_days_late_appears_and_the_day_is_told_as_restated(small_shop: Shop) -> None:
    small_shop.sync()
    day = yesterday(small_shop, back=3)
    before = per_day(small_shop)[day]
    company_ = small_shop.world.company
    late = company_.actions.loc[actions_of(small_shop, day)[:1]].assign(insert_id="late", user_id="late-user")
    company_.actions = pd.concat([company_.actions, late]).sort_values("time", ignore_index=True)
    small_shop.servers[1].invalidate()
    small_shop.sync()
    assert per_day(small_shop)[day] == (before[0] + 1, before[1] + 1)
    told = [one for one in small_shop.catalog().restatements() if one.day == day and one.what == "rows"]
    assert [(one.before, one.after) for one in told] == [(before[0], before[0] + 1)]


@pytest.mark.parametrize(
    ("now", "last"),
    [(datetime(2026, 3, 27, 23, 30, tzinfo=UTC), DAY), (datetime(2026, 3, 28, 0, 30, tzinfo=UTC), DAY + timedelta(days=1))],
    ids=["already tomorrow in Vienna", "past midnight UTC"],
)
def test_m34_f29_no_day_is_asked_for_before_it_has_begun_in_the_projects_own_zone(now: datetime, last: date) -> None:
    with MixpanelServer(company(*FOUR)) as server:
        source = connector(server.url)
        list(source.read(source.streams()[0], Window(datetime(2026, 3, 26, tzinfo=UTC), now)))
        assert max(call.query["to_date"] for call in server.calls) == str(last)


@pytest.mark.parametrize("residency", ["us", "eu", "in"])
def test_m35_each_residency_has_the_hosts_that_the_library_knows(residency: Any) -> None:
    settings = MixpanelSettings(project_id="77", start=DAY, service_account=Secret("user"), secret=Secret("secret"), residency=residency)
    ours = Connector("product", settings, VIENNA)._client._library
    theirs = MixpanelUtils("secret", service_account_username="user", project_id=77, residency=residency)
    assert (ours.raw_api, ours.formatted_api, ours.import_api) == (theirs.raw_api, theirs.formatted_api, theirs.import_api)
    assert residency == "us" or f"data-{residency}." in ours.raw_api


def test_m35_the_wrong_residency_is_named_as_a_possible_cause() -> None:
    with answering(error_reply(403, "no")) as server, pytest.raises(PermissionSourceError, match=r"residency \(us, eu, in\)"):
        read_day(server.url, residency="in")


def test_m36_f31_a_stream_that_is_not_in_the_plan_is_unavailable_and_the_others_go_on(small_shop: Shop) -> None:
    small_shop.servers[1].fault = lambda _request, _number: error_reply(
        402, "Your plan does not allow API calls. Upgrade at mixpanel.com/pricing"
    )
    result = small_shop.sync()
    assert result.exit_code == 0
    assert result.sources["product"].streams["events"].status == "unavailable"
    assert "plan does not include" in str(result.sources["product"].streams["events"].error)
    assert {name: source.status for name, source in result.sources.items()} == {"web": "ok", "product": "ok", "delivery": "ok"}


@pytest.mark.parametrize("minutes", [-10, 10])
def test_m60_a_clock_that_is_ten_minutes_off_loses_no_row_at_any_vendor(small_shop: Shop, minutes: int) -> None:
    """The last sync before and the first after midnight run on a wrong clock; the next one on the right clock has everything."""
    company_ = small_shop.world.company
    midnight = company_.now.replace(hour=0, minute=0, second=0, microsecond=0)
    small_shop.sync(now=midnight - timedelta(minutes=5) + timedelta(minutes=minutes))
    small_shop.sync(now=midnight + timedelta(minutes=5) + timedelta(minutes=minutes))
    small_shop.sync(now=midnight + timedelta(days=1))
    counted = pd.to_datetime(company_.actions["time"], unit="s", utc=True).dt.date.value_counts().to_dict()
    assert {day: n for day, (n, _) in per_day(small_shop).items()} == counted


def test_f50_a_proxy_of_the_environment_does_not_see_local_traffic(small_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    from settings import spare_loopback_the_proxy

    spare_loopback_the_proxy()
    assert {source.status for source in small_shop.sync().sources.values()} == {"ok"}


def test_f16_a_wrong_property_names_both_the_id_and_the_access(small_shop: Shop) -> None:
    sources = small_shop.space.sources_file
    sources.write_text(sources.read_text().replace('"123456"', '"999"'))
    said = str(small_shop.sync().sources["web"].error)
    assert "999" in said
    assert "Check the id (digits only) and add the service account's e-mail as Viewer" in said
