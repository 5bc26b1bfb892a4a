"""Serves days of made-up Mixpanel events from files, as they are or compressed; prints its port. Arguments: folder, days, events a day."""

from __future__ import annotations

import gzip
import random
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sandbox.server import LocalServer, Reply, Request

START = date(2026, 3, 1)
LINE = (
    '{"event":"%s","properties":{"time":%d,"distinct_id":"u-%d","$insert_id":"%024x","$browser":"Mobile Safari","$city":"Bergen",'
    '"mp_country_code":"NO","$current_url":"https://shop.example/products/list?page=%d","mp_lib":"web","mp_processing_time_ms":%d,'
    '"device":"mobile","channel":"Organic Search","page":"/products"%s}}\n'
)


def day_of(day: date, events: int) -> bytes:
    """Return one day's JSON lines, about 340 bytes each."""
    rng, begin = random.Random(day.toordinal()), int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    lines = []
    for n in range(events):
        at = begin + n * 86_400 // events
        name, more = (
            ("purchase", f',"revenue":{rng.randrange(100, 20_000) / 100}')
            if n % 5 == 0
            else ("page_view", f',"lcp_ms":{rng.randrange(500, 6_000)}')
        )
        lines.append(LINE % (name, at, rng.randrange(60_000), rng.getrandbits(96), n % 97, at * 1_000 + 1_700, more))
    return "".join(lines).encode()


class ExportServer(LocalServer):
    """Answers an export from a file made beforehand; it does no work of its own that would be measured."""

    def __init__(self, folder: Path, days: int, events: int) -> None:
        super().__init__()
        self.folder = folder
        for n in range(days):
            day = START + timedelta(days=n)
            plain = day_of(day, events)
            (folder / f"{day}.jsonl").write_bytes(plain)
            (folder / f"{day}.jsonl.gz").write_bytes(gzip.compress(plain, 1, mtime=0))

    def answer(self, request: Request) -> Reply:
        """Return the one day that is asked for."""
        packed = "gzip" in request.headers.get("accept-encoding", "")
        path = self.folder / f"{request.query['from_date']}.jsonl{'.gz' if packed else ''}"
        body = path.read_bytes() if path.exists() else b""
        return Reply(200, body, {"Content-Type": "text/plain"} | ({"Content-Encoding": "gzip"} if packed and body else {}))


def main() -> None:
    """Serve until killed."""
    folder, days, events = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with ExportServer(folder, days, events) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
