"""The hostile company's workspace: synced, with all that sources.yaml can ask for, and what its pages are asked about."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from connectors.live import LivePull
from metrics.impact import impacts
from metrics.members import members
from sandbox.ga4 import error_reply as refused_by_google
from sandbox.hostile import ALL, FUNNEL, LONG, SHORT, renamed, spike
from sandbox.jira import problem
from sandbox.mixpanel import error_reply as refused_by_mixpanel
from sandbox.world import make_world
from settings import Workspace, load_sources
from store.ledger import Ledger
from tests.e2e.stores import copied
from tests.shop import Shop, open_shop

MORE = f"""\
    residency: eu
    timezone: Europe/Vienna
    profiles: true
    profile_properties: [plan, $name]
    funnels: ["7509", "{FUNNEL}"]
    funnel_window: 14d
"""
"""What the demo does not ask Mixpanel for."""
CURRENCY = f"EUR {ALL}"


def hostile_shop(stack: ExitStack, home: Path) -> Shop:
    """Sync the company, in the end under another currency; the live numbers are those of a moment with a hostile page."""
    stack.enter_context(renamed())
    world = make_world(7, start=date(2026, 3, 2), days=84)
    shop = open_shop(stack, home, replace(world, company=spike(world.company)))
    sources = shop.space.sources_file
    sources.write_text(sources.read_text(encoding="utf-8").replace("    residency: eu\n", MORE), encoding="utf-8")
    for currency in ("EUR", CURRENCY):
        shop.world.company.currency = currency
        result = shop.sync()
        assert result.exit_code == 0, result
    _ask_live(shop)
    return shop


def _ask_live(shop: Shop) -> None:
    actions, ga4 = shop.world.company.actions, shop.servers[0]
    seen = actions[actions["page"].str.startswith("<script>") & actions["device"].str.startswith("<script>")]
    moment = datetime.fromtimestamp(int(seen["time"].iloc[-1]), UTC) + timedelta(seconds=1)
    ga4.clock = lambda: moment
    LivePull(Ledger(shop.space), threading.Event()).round(load_sources(shop.space), shop.world.company.zone, datetime.now(UTC))


def refused(shop: Shop, home: Path) -> Path:
    """Return a copy of the workspace that every vendor refuses to answer, in hostile words."""
    ga4, mixpanel, jira = shop.servers
    ga4.fault = lambda _request, _number: refused_by_google(400, "INVALID_ARGUMENT", ALL)
    mixpanel.fault = lambda _request, _number: refused_by_mixpanel(400, LONG)
    jira.fault = lambda _request, _number: problem(400, ALL)
    result = Shop(shop.world, shop.servers, Workspace(copied(home, shop.space.home))).sync()
    assert result.exit_code == 1, result
    for server in shop.servers:
        server.fault = None
    return home


def asked(shop: Shop) -> dict[str, str]:
    """Return name → value, ready for an address: values of dimensions, boards and events that pages are asked about."""
    with shop.catalog() as catalog:
        found = {"long_board": next(team.name for team in catalog.teams() if LONG in team.name)}
        for name in ("device", "channel"):
            known = members(catalog, name)
            found[name] = next(value for value in known if value.startswith(ALL))
            found[f"long_{name}"] = next(value for value in known if value.startswith(LONG))
        looks = {one.event.name: one.key for one in impacts(catalog, None, ()).impacts}
    found |= {"release": next(key for name, key in looks.items() if name.startswith(ALL) and key.startswith("release"))}
    found |= {"campaign": looks[SHORT[5]], "long_campaign": looks[LONG]}
    return {name: quote(value, safe="") for name, value in found.items()}
