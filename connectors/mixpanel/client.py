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
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from mixpanel_utils import MixpanelUtils

from connectors.http import retry_after
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
    from connectors.mixpanel import MixpanelSettings

BLOCK = 1 << 18
SANDBOX_ACCOUNT = ("svc", "sandbox")
FAILURES = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


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
        version = [] if base_url == self.import_api else ["2.0"]
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

    def export(self, day: date) -> Iterator[bytes]:
        """Yield one day's JSON lines in blocks; the last block ends with a newline.

        Raises: TransientSourceError when the body was cut at any place or the vendor gave up, typed errors for refusals.
        """
        query = {"from_date": day.isoformat(), "to_date": day.isoformat()}
        try:
            answer = self._library.query_export(query, add_gzip_header=True, raw_stream=True)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error, day) from None
        except FAILURES as error:
            raise self._unreachable(error) from error
        with answer:
            yield from self._checked(answer, day)

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
        last = tail.rstrip(b"\n").rsplit(b"\n", 1)[-1]
        if last.endswith(b"terminated early"):
            raise self._cut(day, "the vendor ended it early")
        if tail and not tail.endswith(b"\n"):
            raise self._cut(day, "the last line has no end")

    def _blocks(self, answer: http.client.HTTPResponse, day: date) -> Iterator[bytes]:
        """Yield the decoded body; the framing must be able to prove that it is whole."""
        packed = answer.headers.get("Content-Encoding") == "gzip"
        if answer.length is None and not answer.chunked and not packed:
            raise ContractError(
                f"{self._source}: the export of {day} came with neither a length nor chunks nor compression; a cut could not be seen. Check 'endpoint' and proxies."
            )
        unpack = zlib.decompressobj(wbits=31) if packed else None
        while block := answer.read(BLOCK):
            yield unpack.decompress(block) if unpack else block
        if unpack is not None and (not unpack.eof or unpack.unused_data):
            raise self._cut(day, "the compressed body has no end")

    def _cut(self, day: date, how: str) -> TransientSourceError:
        return TransientSourceError(
            f"{self._source}: the export of {day} did not come whole ({how}). The day keeps its earlier data; sync again."
        )

    def _unreachable(self, error: Exception) -> TransientSourceError:
        host = urllib.parse.urlsplit(self._library.raw_api).netloc
        reason = getattr(error, "reason", None) or type(error).__name__
        return TransientSourceError(
            f"{self._source}: Mixpanel did not answer at {host} ({str(reason)[:80]}). Check the network, then run the sync again."
        )

    def _refusal(self, error: urllib.error.HTTPError, day: date) -> SourceError:
        """Return the typed error for a status (statuses and texts: docs.mixpanel.com and public connectors, 2026-08)."""
        words, settings = _words(error), self._settings
        where = f"{self._source}: project {settings.project_id} (residency {settings.residency})"
        match error.code:
            case 400 if "Unable to authenticate" in words:
                return AuthError(f"{where}: the service account was refused. Renew service_account and secret.")
            case 400 if "to_date cannot be later than today" in words:
                return SourceConfigError(f"{where}: {day} has not begun in the project's zone. Check 'timezone' and 'created_before_2023'.")
            case 400:
                return SourceConfigError(f"{where} refuses the export of {day}: {words}")
            case 401:
                return AuthError(
                    f"{where}: 401, the service account was refused. Renew service_account and secret, and check the residency."
                )
            case 402:
                return PlanError(f"{where}: the plan does not include raw exports.")
            case 403:
                return PermissionSourceError(
                    f"{where}: the service account does not reach this project. Add it to the project, and check the residency (us, eu, in)."
                )
            case 404:
                return SourceConfigError(f"{where}: the address is unknown. Check 'residency' (us, eu, in) and 'endpoint'.")
            case 429:
                return QuotaError(
                    f"{where}: the quota of 60 exports an hour is used up. What was read is kept; sync again later.",
                    retry_after_seconds=retry_after(error.headers),
                )
            case code if code >= 500:
                return TransientSourceError(
                    f"{where}: Mixpanel has a fault ({code}). Run the sync again later.", retry_after_seconds=retry_after(error.headers)
                )
            case code:
                return ContractError(f"{where}: an unexpected answer {code} for the export of {day}.")


def _words(error: urllib.error.HTTPError) -> str:
    """Return the vendor's own sentence, shortened; never a whole body."""
    try:
        body = error.read(4_000).decode("utf-8", "replace")
    except FAILURES:
        return ""
    try:
        text = str(json.loads(body).get("error", ""))
    except (ValueError, AttributeError):
        text = ""
    return text[:200]
