"""Asks Mixpanel for one day's export and hands on its bytes only if every one of them came."""

from __future__ import annotations

import base64
import http.client
import json
import logging
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Generator, Iterator
from datetime import date
from email.message import Message
from typing import TYPE_CHECKING, Any

from mixpanel_utils import MixpanelUtils

from connectors.budget import Budget, Unlimited
from connectors.http import retry_after, vendor_words
from errors import (
    AuthError,
    ContractError,
    PermissionSourceError,
    PlanError,
    QuotaError,
    SourceConfigError,
    SourceError,
    TransientSourceError,
)

if TYPE_CHECKING:
    from connectors.mixpanel.settings import MixpanelSettings

BLOCK = 1 << 18
LONGEST_REFUSAL = 4_000
SANDBOX_ACCOUNT = ("svc", "sandbox")
FAILURES = (OSError, http.client.HTTPException)
"""OSError, because a fault of TLS or of the route while a body is read is neither ConnectionError nor URLError."""


class _Library(MixpanelUtils):  # type: ignore[misc]  # the library has no annotations
    """The client library with its one request method replaced.

    The original turns every 4xx into None, repeats every 5xx at once, and ends in a bare BaseException; here the answer
    or the failure comes through as it is. Everything else (addresses, parameters, credentials) stays the library's own.
    """

    def request(
        self,
        base_url: str,
        path_components: list[str],
        params: dict[str, Any],
        method: str = "GET",
        headers: dict[str, str] | None = None,
        raw_stream: bool = False,
        retries: int = 0,
    ) -> Any:
        """Open one request and return the answer, its body unread for a raw stream."""
        version = [] if base_url == self.import_api or path_components[0] == "query" else ["2.0"]
        named = {**params, "project_id": self.project_id} if self.project_id else dict(params)
        encoded = urllib.parse.urlencode({k: json.dumps(v) if isinstance(v, list) else v for k, v in named.items()})
        address = "/".join([base_url, *version, *path_components])
        body = None if method == "GET" else encoded.encode()
        request = urllib.request.Request(address + (f"?{encoded}" if method == "GET" else ""), body, headers or {}, method=method)
        for name, value in self._auth_headers().items():
            request.add_unredirected_header(name, value)
        opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if address.startswith("http://") else []), _NoRedirect())
        answer = opener.open(request, timeout=self.timeout)
        return answer if raw_stream else answer.read().decode()

    def _auth_headers(self) -> dict[str, str]:
        user = f"{self.service_account_username}:{self.api_secret}" if self.service_account_username else f"{self.api_secret}:"
        return {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the credentials to another host."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing: the redirect itself becomes the error."""
        return


class Client:
    """One project; makes no call before the first question."""

    def __init__(self, source: str, settings: MixpanelSettings) -> None:
        self._source, self._settings = source, settings
        account = (settings.service_account, settings.secret)
        user, secret = SANDBOX_ACCOUNT if account == (None, None) else tuple(part.reveal() if part else "" for part in account)
        library = _Library(
            secret,
            service_account_username=user,
            project_id=settings.project_id,
            timeout=settings.timeout_seconds,
            max_retries=1,
            residency=settings.residency,
        )
        logging.getLogger("mixpanel_utils").setLevel(logging.CRITICAL)
        for handler in list(library.LOGGER.handlers):  # it writes headers with credentials when asked to debug
            library.LOGGER.removeHandler(handler)
        if settings.endpoint is not None:
            base = settings.endpoint.rstrip("/")
            library.raw_api = library.formatted_api = f"{base}/api"
            library.import_api = base
        self._library = library
        self.budget: Budget = Unlimited()

    def export(self, day: date) -> Iterator[bytes]:
        """Yield one day's JSON lines in blocks; the last block ends with a newline.

        Raises: TransientSourceError when the body was cut at any place or the vendor gave up, typed errors for refusals.
        """
        query = {"from_date": day.isoformat(), "to_date": day.isoformat()}
        yield from self._answered(query, day)

    def reaches(self, day: date) -> bool:
        """Ask for a single event of one day; return whether there is one. Raises as export()."""
        query = {"from_date": day.isoformat(), "to_date": day.isoformat(), "limit": 1}
        return sum(len(block.strip()) for block in self._answered(query, day)) > 0

    def _answered(self, query: dict[str, Any], day: date) -> Iterator[bytes]:
        self.budget.spend()
        try:
            answer = self._library.query_export(query, add_gzip_header=True, raw_stream=True)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error, f"the export of {day}") from None
        except FAILURES as error:
            raise self._unreachable(error) from error
        with answer:
            yield from self._checked(answer, day)

    def ask(self, path: list[str], query: dict[str, Any], what: str) -> bytes:
        """Return the whole answer to one question; path begins with "query" for the API without a version segment.

        what: the subject of the question, for messages. Raises as export().
        """
        self.budget.spend()
        try:
            with self._library.request(self._library.formatted_api, path, query, raw_stream=True) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error, what, "queries") from None
        except http.client.IncompleteRead as error:
            raise TransientSourceError(
                f"{self._source}: the answer about {what} did not come whole. The earlier data stay; sync again."
            ) from error
        except FAILURES as error:
            raise self._unreachable(error, self._library.formatted_api) from error

    def _checked(self, answer: http.client.HTTPResponse, day: date) -> Iterator[bytes]:
        tail = b""
        try:
            for block in self._blocks(answer, day):
                tail = (tail + block)[-200:]
                yield block
        except (zlib.error, http.client.IncompleteRead) as error:
            raise self._cut(day, "the body is damaged") from error
        except FAILURES as error:
            raise self._unreachable(error) from error
        if answer.length not in (0, None):
            raise self._cut(day, f"{answer.length:,} bytes are missing")
        last = tail.rstrip().rsplit(b"\n", 1)[-1]
        if last.endswith(b"terminated early"):
            raise self._cut(day, "the vendor ended it early")
        if tail and not tail.endswith(b"\n"):
            raise self._cut(day, "the last line has no end")

    def _blocks(self, answer: http.client.HTTPResponse, day: date) -> Iterator[bytes]:
        """Yield the decoded body; the framing must be able to prove that it is whole."""
        packed = _is_packed(answer.headers)
        if answer.length is None and not answer.chunked and not packed:
            raise ContractError(
                f"{self._source}: the export of {day} came with neither a length nor chunks nor compression; a cut could not be seen. Check 'endpoint' and proxies."
            )
        if not packed:
            while block := answer.read(BLOCK):
                yield block
        elif not (yield from _unpacked(answer)):
            raise self._cut(day, "the compressed body has no end")

    def _cut(self, day: date, how: str) -> TransientSourceError:
        return TransientSourceError(
            f"{self._source}: the export of {day} did not come whole ({how}). The day keeps its earlier data; sync again."
        )

    def _unreachable(self, error: Exception, base: str | None = None) -> TransientSourceError:
        host = urllib.parse.urlsplit(base or self._library.raw_api).netloc
        reason = getattr(error, "reason", None) or type(error).__name__
        return TransientSourceError(
            f"{self._source}: Mixpanel did not answer at {host} ({str(reason)[:80]}). Check the network, then run the sync again."
        )

    def words(self, body: str) -> str:
        """Return the vendor's own sentence; never a whole body."""
        try:
            text = str(json.loads(body).get("error", ""))
        except (ValueError, AttributeError):
            text = ""
        said = vendor_words(text, (self._settings.service_account, self._settings.secret))
        return said or "it names no reason. Check 'start', 'residency' and 'endpoint'."

    def _refusal(self, error: urllib.error.HTTPError, what: str, calls: str = "exports") -> SourceError:
        """Return the typed error for a status (statuses and texts: docs.mixpanel.com and public connectors, 2026-08)."""
        body, settings = _body(error), self._settings
        where = f"{self._source}: project {settings.project_id} (residency {settings.residency})"
        match error.code:
            case 400 if "Unable to authenticate" in body:
                return AuthError(f"{where}: the service account was refused. Renew service_account and secret.")
            case 400 if "to_date cannot be later than today" in body:
                return SourceConfigError(
                    f"{where}: {what}: the day has not begun in the project's zone. Check 'timezone' and 'created_before_2023'."
                )
            case 400:
                return SourceConfigError(f"{where} refuses {what}: {self.words(body)}")
            case 401:
                return AuthError(
                    f"{where}: 401, the service account was refused. Renew service_account and secret, and check the residency."
                )
            case 402:
                return PlanError(f"{where}: the plan does not include {what}.")
            case 403:
                return PermissionSourceError(
                    f"{where}: the service account does not reach this project. Add it to the project, and check the residency (us, eu, in)."
                )
            case 404:
                return SourceConfigError(f"{where}: the address is unknown. Check 'residency' (us, eu, in) and 'endpoint'.")
            case 429:
                return QuotaError(
                    f"{where}: the quota of 60 {calls} an hour is used up. What was read is kept; sync again later.",
                    retry_after_seconds=retry_after(error.headers),
                )
            case code if code >= 500:
                return TransientSourceError(
                    f"{where}: Mixpanel has a fault ({code}). Run the sync again later.", retry_after_seconds=retry_after(error.headers)
                )
            case code:
                return ContractError(f"{where}: an unexpected answer {code} for {what}.")


def _is_packed(headers: Message) -> bool:
    return (headers.get("Content-Encoding") or "").strip().lower() == "gzip"


def _unpacked(answer: http.client.HTTPResponse) -> Generator[bytes, None, bool]:
    """Yield a gzip body in blocks of bounded size; return whether it ends exactly with its trailer.

    Notes: a second member is refused, because a cut between two members could not be seen.
    """
    unpack, surplus = zlib.decompressobj(wbits=31), False
    while block := answer.read(BLOCK):
        surplus = surplus or unpack.eof
        plain = None
        while not unpack.eof and (plain is None or block or len(plain) == BLOCK):  # a full block may leave more inside zlib
            plain = unpack.decompress(block, BLOCK)
            block = unpack.unconsumed_tail
            yield plain
    return unpack.eof and not surplus and not unpack.unused_data


def _body(error: urllib.error.HTTPError) -> str:
    """Return the beginning of a refusal's body, unpacked: the request allowed gzip, so a refusal may come packed, too."""
    try:
        raw = error.read(LONGEST_REFUSAL)
        plain = zlib.decompressobj(wbits=31).decompress(raw, LONGEST_REFUSAL) if _is_packed(error.headers) else raw
    except (*FAILURES, zlib.error):
        return ""
    return plain.decode("utf-8", "replace")
