"""Thousands of random cuts and bit flips of an export, over every framing of HTTP: none is taken for the whole."""

from __future__ import annotations

import gzip
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from errors import SourceError
from tests.connectors.mixpanel_company import event, read_day
from tests.connectors.raw import behaving, read_request

CUTS, FLIPS = 700, 700
BODY = b"".join(event(page=f"/{n}", time=1_774_612_800 + n, **{"$insert_id": f"i-{n}"}).encode() for n in range(40))
PACKED = gzip.compress(BODY, mtime=0)


@dataclass(slots=True)
class Vendor:
    """Answers every request with the same bytes and hangs up."""

    url: str = ""
    answer: bytes = b""

    def act(self, peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(self.answer)
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1)


@pytest.fixture
def server() -> Iterator[Vendor]:
    vendor = Vendor()
    with behaving(vendor.act) as port:
        vendor.url = f"http://127.0.0.1:{port}"
        yield vendor


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/plain", "Connection: close", *lines, "", ""]).encode()


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


FRAMINGS = {
    "length": (head(f"Content-Length: {len(BODY)}"), BODY),
    "chunks": (head("Transfer-Encoding: chunked"), chunked(BODY, 700)),
    "chunks of whole lines": (head("Transfer-Encoding: chunked"), b"".join(chunked(line + b"\n", 9_999)[:-5] for line in BODY.splitlines()) + b"0\r\n\r\n"),
    "gzip and length": (head("Content-Encoding: gzip", f"Content-Length: {len(PACKED)}"), PACKED),
    "gzip and chunks": (head("Content-Encoding: gzip", "Transfer-Encoding: chunked"), chunked(PACKED, 300)),
    "gzip until the line closes": (head("Content-Encoding: gzip"), PACKED),
}  # fmt: skip
CHECKSUMMED = [name for name in FRAMINGS if name.startswith("gzip")]
"""Only compression carries a checksum; a flipped bit in plain text may be another valid text, and TCP's own sum has to see it."""


def outcome(server: Vendor, answer: bytes) -> list[dict[str, object]] | None:
    """Return the rows that were accepted, None when the answer was refused with an error of ours."""
    server.answer = answer
    try:
        return list(read_day(server.url).rows.to_pylist())
    except SourceError:
        return None


@pytest.mark.parametrize("framing", FRAMINGS)
def test_no_cut_is_taken_for_the_whole(server: Vendor, framing: str) -> None:
    start, body = FRAMINGS[framing]
    assert len(outcome(server, start + body) or []) == 40
    rng = random.Random(framing)
    lines = [at + 1 for at, byte in enumerate(body) if byte == ord("\n")]
    # the last bytes of a chunked body are its end mark, those of a gzip body its checksum and length
    places = {
        *rng.sample(range(len(body)), min(CUTS, len(body))),
        *(at for at in lines if at < len(body)),
        *range(len(body) - 12, len(body)),
    }
    taken = [at for at in sorted(places) if (rows := outcome(server, start + body[:at])) is not None and len(rows) != 40]
    assert taken == []
    assert len(places) >= min(CUTS, len(body))


@pytest.mark.parametrize("framing", CHECKSUMMED)
def test_no_flipped_bit_changes_a_row(server: Vendor, framing: str) -> None:
    start, body = FRAMINGS[framing]
    whole = outcome(server, start + body)
    rng = random.Random(framing)
    for _ in range(FLIPS):
        at, bit = rng.randrange(len(body)), rng.randrange(8)
        rows = outcome(server, start + body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :])
        assert rows is None or rows == whole, (at, bit)
