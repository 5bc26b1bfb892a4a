"""The profiles that the double of Mixpanel serves, with the private parts that real ones have."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.server import Reply
from sandbox.tables import Company

COUNTRIES = ("AT", "DE", "NO", "PT")


def engage(company: Company, zone: ZoneInfo, asked: Mapping[str, str], page_size: int) -> Reply:
    """Return one page of the profiles; only the first one tells the total."""
    people = company.visits.groupby("user_id").agg(last=("time", "max"), first=("time", "min"))
    page, names = int(asked.get("page") or 0), json.loads(asked.get("output_properties") or "null")
    buyers = set(company.actions.loc[company.actions["event"] == "purchase", "user_id"])
    shown = people.iloc[page * page_size : (page + 1) * page_size]
    results = []
    for user, row in zip(shown.index, shown.itertuples(), strict=True):
        properties = {"$last_seen": _instant(row.last, zone), "$created": _instant(row.first, zone), **profile(str(user), user in buyers)}
        kept = properties if names is None else {name: properties[name] for name in names if name in properties}
        results.append({"$distinct_id": str(user), "$properties": kept})
    answer = {
        "page": page,
        "page_size": page_size,
        "session_id": asked.get("session_id") or "1795-SANDBX",
        "status": "ok",
        "results": results,
    }
    return Reply.of(answer | ({"total": len(people)} if page == 0 else {}))


def profile(user: str, has_bought: bool) -> dict[str, str]:
    """Return what is written about a person beside the times."""
    country = COUNTRIES[zlib.crc32(user.encode()) % len(COUNTRIES)]
    return {"$email": f"{user}@private.test", "$name": f"Person {user}", "plan": "pro" if has_bought else "free", "country": country}


def _instant(seconds: object, zone: ZoneInfo) -> str:
    """Return a time as profiles have it: in the project's zone, without saying so."""
    return datetime.fromtimestamp(int(str(seconds)), UTC).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
