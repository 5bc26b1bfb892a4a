"""The sandbox company: the same on every machine, longer only at its end, and true to what it says about itself."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from sandbox.tables import ACTION_COLUMNS, SPRINT_FIELD, VISIT_COLUMNS
from sandbox.world import World, make_world, next_day

START = date(2025, 9, 20)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(start=START)


def test_the_company_has_the_promised_size(world: World) -> None:
    assert (world.end - world.start).days + 1 >= 400
    assert 150_000 <= len(world.company.actions) <= 250_000
    assert 300 <= len(world.company.jira.issues) <= 600
    assert tuple(world.company.visits.columns) == tuple(VISIT_COLUMNS)
    assert tuple(world.company.actions.columns) == tuple(ACTION_COLUMNS)


def test_a_longer_company_begins_with_exactly_the_shorter_one() -> None:
    short = make_world(start=START, days=40)
    longer = next_day(short)
    pd.testing.assert_frame_equal(longer.company.visits.iloc[: len(short.company.visits)], short.company.visits)
    pd.testing.assert_frame_equal(longer.company.actions.iloc[: len(short.company.actions)], short.company.actions)
    assert longer.company.visits["day"].max() == pd.Timestamp(short.end + timedelta(days=1))
    later = {issue.id: issue for issue in longer.company.jira.issues}
    for issue in short.company.jira.issues:
        same = later[issue.id]
        assert [c for c in same.changes if c.at <= short.company.now] == issue.changes
        assert (same.key, same.points, same.created, same.version) == (issue.key, issue.points, issue.created, issue.version)


def test_both_vendors_see_the_same_visitors(world: World) -> None:
    visits, actions = world.company.visits.set_index("session_id"), world.company.actions
    bought = actions[actions["event"] == "purchase"].groupby("session_id")["revenue_cents"].agg(["size", "sum"])
    converted = visits[visits["purchases"] > 0]
    assert bought["size"].sort_index().to_list() == converted["purchases"].sort_index().to_list()
    assert bought["sum"].sort_index().to_list() == converted["revenue_cents"].sort_index().to_list()
    first = actions[actions["event"] == "page_view"].drop_duplicates("session_id").set_index("session_id")
    assert (first["page"].sort_index() == visits["landing_page"].sort_index()).all()
    assert set(actions["user_id"]) == set(visits["user_id"])
    assert actions["insert_id"].is_unique


def test_no_session_crosses_midnight_also_when_the_clocks_change(world: World) -> None:
    local = pd.to_datetime(world.company.actions["time"], unit="s", utc=True).dt.tz_convert("Europe/Vienna").dt.date
    assert world.company.actions.assign(local=local).groupby("session_id")["local"].nunique().max() == 1
    assert {date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25)} <= set(local)


def poisson(frame: pd.DataFrame, columns: list[str]) -> tuple[float, float]:
    """Return the slope on ln(LCP) and its standard error."""
    design = pd.get_dummies(frame[columns], drop_first=True, dtype=float) if columns else pd.DataFrame(index=frame.index)
    design = sm.add_constant(design.assign(speed=np.log(frame["lcp_ms"])))
    fit = sm.GLM(frame["purchases"], design, family=sm.families.Poisson()).fit()
    return float(fit.params["speed"]), float(fit.bse["speed"])


def test_the_true_elasticity_is_found_within_segments_and_missed_without_them(world: World) -> None:
    """Mobile is slower and buys less for other reasons: the pooled slope is far too steep."""
    landing = world.company.actions[world.company.actions["event"] == "page_view"].drop_duplicates("session_id")
    frame = world.company.visits.merge(landing[["session_id", "lcp_ms"]], on="session_id").dropna(subset=["lcp_ms"])
    frame["origin"] = frame["channel"] + frame["campaign"]
    within, error = poisson(frame, ["device", "origin"])
    pooled, _ = poisson(frame, [])
    assert abs(within - world.truth.elasticity) < 3 * error
    assert pooled < world.truth.elasticity - 0.25


def test_each_release_moves_the_pages_it_says_by_what_it_says(world: World) -> None:
    views = world.company.actions[(world.company.actions["event"] == "page_view") & (world.company.actions["device"] == "desktop")]
    day = pd.to_datetime(views["time"], unit="s", utc=True).dt.tz_convert("Europe/Vienna").dt.date
    checked = 0
    for _, released, effects in world.truth.release_effects:
        for page, change in effects.items():
            near = views[(views["page"] == page) & (day >= released - timedelta(days=25)) & (day < released + timedelta(days=25))]
            after = (day.loc[near.index] >= released).to_numpy()
            shift = near["lcp_ms"][after].median() - near["lcp_ms"][~after].median()
            assert abs(shift - change) < 130, (page, released)
            checked += 1
    assert checked >= 8


def test_the_low_intent_campaign_lowers_the_total_but_no_segment(world: World) -> None:
    visits = world.company.visits.assign(day=lambda f: f["day"].dt.date)
    social = next(c for c in world.truth.campaigns if c.name == "reach-social")
    during = visits[(visits["day"] >= social.first) & (visits["day"] <= social.last)]
    before = visits[(visits["day"] >= social.first - timedelta(days=56)) & (visits["day"] < social.first)]
    assert during["purchases"].mean() < before["purchases"].mean() * 0.85
    rest = during[during["campaign"] != "reach-social"]
    noise = np.sqrt(before["purchases"].mean() * (1 / len(rest) + 1 / len(before)))
    assert abs(rest["purchases"].mean() - before["purchases"].mean()) < 4 * noise
    assert (visits["campaign"] == "reach-social").sum() > 1_000


def test_sprints_know_every_kind_of_change(world: World) -> None:
    members = world.truth.sprint_items()
    assert members["removed_at"].notna().sum() >= 10
    assert (~members["committed"] & members["removed_at"].isna() & members["completed"]).sum() >= 10
    both = members.dropna(subset=["points_at_start", "points_at_end"])
    assert (both["points_at_start"] != both["points_at_end"]).sum() >= 10
    carried = members.groupby("item_id").size()
    assert (carried > 1).sum() >= 10
    assert any(
        change.field_id == SPRINT_FIELD and "," in (change.to or "") for issue in world.company.jira.issues for change in issue.changes
    )
    assert {"kpi:conversion_rate", "kpi:site_speed"} <= {label for issue in world.company.jira.issues for label in issue.labels}
    assert len(world.company.jira.links) >= 20


def test_nothing_later_than_the_clock_exists(world: World) -> None:
    now = world.company.now
    assert world.company.actions["time"].max() < now.timestamp()
    assert all(change.at <= now for issue in world.company.jira.issues for change in issue.changes)
    assert all(version.released_on is None or version.released_on <= world.end for version in world.company.jira.versions)
    assert any(version.released_on is None for version in world.company.jira.versions)
