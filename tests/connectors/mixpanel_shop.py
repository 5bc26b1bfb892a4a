"""What the tests of Mixpanel's optional streams share: a shop that asks for them, and what its warehouse holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from connectors.mixpanel import Connector
from store.schema import FACTS
from store.types import Batch, Window
from store.warehouse import Warehouse
from tests.shop import Shop


def ask_for(shop: Shop, *lines: str, zone: str = "Europe/Vienna") -> None:
    """Add settings to the Mixpanel source; the project and its double lie in `zone`."""
    shop.servers[1].zone = ZoneInfo(zone)
    added = "".join(f"\n    {line}" for line in (f"timezone: {zone}", *lines))
    text = shop.space.sources_file.read_text(encoding="utf-8")
    shop.space.sources_file.write_text(text.replace("project_id: 77", f"project_id: 77{added}"), encoding="utf-8")


def held(shop: Shop, table: str) -> pd.DataFrame:
    """Return a table of the served generation."""
    with Warehouse(shop.space).open() as facts, facts.engine.connect() as connection:
        return pd.read_sql(FACTS[table].select(), connection)


def slices_of(shop: Shop, stream: str) -> pd.DataFrame:
    """Return the slices of a stream, by day."""
    with Warehouse(shop.space).open() as facts, facts.engine.connect() as connection:
        found = pd.read_sql("SELECT * FROM _slices ORDER BY slice", connection)
    found["slice"] = pd.to_datetime(found["slice"]).dt.date
    return found[found["stream"] == stream].set_index("slice")


def batches(source: Connector, stream: str, since: date, until: datetime) -> list[Batch]:
    """Read one stream from a day on."""
    (wanted,) = [one for one in source.streams() if one.name == stream]
    return list(source.read(wanted, Window(datetime(since.year, since.month, since.day, tzinfo=wanted.zone or UTC), until)))


def paths(shop: Shop) -> list[str]:
    """Return what Mixpanel was asked for, in order."""
    return [call.path for call in shop.servers[1].calls]


def noon(day: date, days: int = 0) -> datetime:
    """Return twelve o'clock UTC, some days later."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=days)
