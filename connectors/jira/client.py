"""Speaks to one Jira site through the jira library's session: own paging, own timeouts, typed errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import requests
from jira import JIRA
from jira.exceptions import JIRAError

from connectors.budget import Budget, Unlimited
from connectors.http import retry_after, vendor_words
from errors import (
    AuthError,
    ContractError,
    PermissionSourceError,
    QuotaError,
    SourceConfigError,
    SourceError,
    TransientSourceError,
    suggest,
)

if TYPE_CHECKING:
    from connectors.jira import JiraSettings

CONNECT_SECONDS = 5.0
MOST_PAGES = 10_000
ISSUES_A_PAGE = 100
IDS_A_PAGE = 5_000
"""The most that Cloud allows; who allows less (Data Center: 1,000) answers shorter pages."""
SANDBOX_ACCOUNT = ("bot@example.com", "sandbox")
HEADERS = {"Accept-Language": "en", "X-Force-Accept-Language": "true"}
"""Error texts come in the account's language unless asked otherwise."""


class Client:
    """One site; makes no call before the first question."""

    def __init__(self, source: str, settings: JiraSettings) -> None:
        self.source, self._settings = source, settings
        self._made: JIRA | None = None
        self.budget: Budget = Unlimited()

    @property
    def is_cloud(self) -> bool:
        """Whether the site is Jira Cloud, as its serverInfo says."""
        return bool(self._library()._is_cloud)

    def get(self, path: str, **query: object) -> Any:
        """Return the JSON answer to a GET."""
        return self._call("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Return the JSON answer to a POST."""
        return self._call("POST", path, data=json.dumps(body))

    def path(self, rest: str) -> str:
        """Return the address of a platform resource: version 3 on Cloud, 2 on Data Center."""
        return f"/rest/api/{3 if self.is_cloud else 2}/{rest}"

    def pages(self, path: str, member: str = "values", **query: object) -> Iterator[Any]:
        """Yield every entry of an offset-paged list; a page that is short is not the end, only an empty or last one is."""
        received = 0
        for _ in range(MOST_PAGES):
            page = self.get(path, **query, startAt=received)
            values = self._member(page, member, path)
            yield from values
            received += len(values)
            if not values or page.get("isLast") is True or ("total" in page and received >= int(page["total"])):
                return
        raise ContractError(f"{self.source}: {path} has no last page after {MOST_PAGES} pages.")

    def search(self, jql: str, fields: Sequence[str]) -> Iterator[Any]:
        """Yield every issue of a query, by token on Cloud and by offset, with its history, on Data Center.

        Raises: ContractError when the vendor repeats a page token or never ends.
        """
        return self._search_cloud(jql, fields) if self.is_cloud else self._search_data_center(jql, fields)

    def _search_cloud(self, jql: str, fields: Sequence[str]) -> Iterator[Any]:
        token, seen, size = None, set(), IDS_A_PAGE if tuple(fields) == ("id",) else ISSUES_A_PAGE
        for _ in range(MOST_PAGES):
            try:
                page = self.get("/rest/api/3/search/jql", jql=jql, fields=",".join(fields), maxResults=size, nextPageToken=token)
            except SourceConfigError as error:
                if token is None:
                    raise
                raise TransientSourceError(
                    f"{self.source}: Jira does not take its own page token any more; the search begins again.", retry_after_seconds=0
                ) from error
            yield from self._member(page, "issues", "/rest/api/3/search/jql")
            token = page.get("nextPageToken")
            if not token or page.get("isLast") is True:
                return
            if token in seen:
                raise ContractError(f"{self.source}: the search repeats the page token '{str(token)[:20]}' and would never end.")
            seen.add(token)
        raise ContractError(f"{self.source}: the search has no last page after {MOST_PAGES} pages.")

    def _search_data_center(self, jql: str, fields: Sequence[str]) -> Iterator[Any]:
        received, total = 0, 0
        ids_only = tuple(fields) == ("id",)
        more = {"maxResults": IDS_A_PAGE} if ids_only else {"maxResults": ISSUES_A_PAGE, "expand": "changelog"}
        for _ in range(MOST_PAGES):
            page = self.get("/rest/api/2/search", jql=jql, fields=",".join(fields), startAt=received, validateQuery="false", **more)
            issues = self._member(page, "issues", "/rest/api/2/search")
            if int(page.get("total", 0)) < total:  # the pages moved up, and over one of their borders an issue was lost
                raise TransientSourceError(
                    f"{self.source}: the search became shorter between two pages; it begins again.", retry_after_seconds=0
                )
            yield from issues
            received, total = received + len(issues), int(page.get("total", 0))
            if not issues or received >= total:
                return
        raise ContractError(f"{self.source}: the search has no last page after {MOST_PAGES} pages.")

    def issues(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Any]:
        """Yield the issues that exist of these ids. On Cloud they come from the records, not from the index of the search."""
        for start in range(0, len(ids), ISSUES_A_PAGE):
            block = ids[start : start + ISSUES_A_PAGE]
            if not self.is_cloud:
                yield from self._search_data_center(f"id in ({','.join(block)}) ORDER BY created ASC", fields)
                continue
            page = self.post("/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": list(block), "fields": list(fields)})
            if page.get("issueErrors"):  # not those that do not exist: those are left out in silence
                raise TransientSourceError(f"{self.source}: Jira could not show {len(page['issueErrors'])} issues just now.")
            yield from self._member(page, "issues", "/rest/api/3/issue/bulkfetch")

    def require_account(self) -> Mapping[str, Any]:
        """Return the account; the credentials must still be somebody's: a site open to the public answers everybody."""
        account = self.get("/rest/api/2/myself")
        if not isinstance(account, dict) or not (account.get("accountId") or account.get("key") or account.get("name")):
            raise AuthError(
                f"{self.source}: the site answers, but not to this account; the credentials may have expired. Renew JIRA_TOKEN (or JIRA_PAT)."
            )
        return account

    def require_projects(self) -> dict[str, str]:
        """Return id → key of the visible projects; every configured one must be: an account without rights sees 0 issues and no error."""
        path = self.path("project/search" if self.is_cloud else "project")
        listed = list(self.pages(path)) if self.is_cloud else self.get(path)
        visible = sorted(str(project["key"]) for project in listed)
        for key in self._settings.projects:
            if key not in visible:
                hint = suggest(key, visible) or "Check the key, and that the account may browse the project."
                raise PermissionSourceError(
                    f"{self.source}: project '{key}' is not visible. Visible projects: {', '.join(visible[:20]) or 'none'}. {hint}"
                )
        return {str(project["id"]): str(project["key"]) for project in listed}

    def _member(self, page: Any, name: str, path: str) -> list[Any]:
        if not isinstance(page, dict) or not isinstance(page.get(name), list):
            raise ContractError(f"{self.source}: the answer of {path} has no list '{name}'.")
        return list(page[name])

    def _library(self) -> JIRA:
        if self._made is None:
            try:
                self._made = self._make()
            except JIRAError as error:
                raise self._refusal(error, "/rest/api/2/serverInfo") from None
            except requests.RequestException as error:
                raise self._unreachable(error) from error
            except (KeyError, TypeError, ValueError) as error:
                raise ContractError(
                    f"{self.source}: {self._settings.address} does not answer like a Jira site. Check 'server' in sources.yaml."
                ) from error
        return self._made

    def _make(self) -> JIRA:
        settings = self._settings
        account: dict[str, Any]
        if settings.pat is not None:
            account = {"token_auth": settings.pat.reveal()}
        elif settings.email is not None and settings.token is not None:
            account = {"basic_auth": (settings.email.reveal(), settings.token.reveal())}
        else:
            account = {"basic_auth": SANDBOX_ACCOUNT}
        options: dict[str, Any] = {"headers": dict(HEADERS), "server": settings.address}
        timeout = (CONNECT_SECONDS, settings.timeout_seconds)
        # the library's log holds whole bodies, which may repeat what was sent
        return JIRA(options=options, timeout=timeout, max_retries=0, logging=False, **account)

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        session = self._library()._session
        self.budget.spend()
        try:
            answer = session.request(method, self._settings.address + path, **arguments)
        except JIRAError as error:
            raise self._refusal(error, path) from None
        except requests.RequestException as error:
            raise self._unreachable(error) from error
        try:
            return answer.json()
        except ValueError as error:
            kind = answer.headers.get("Content-Type", "no type")
            raise AuthError(
                f"{self.source}: {path} answers {kind} instead of JSON, as a sign-in page does. Check 'server' and the credentials."
            ) from error

    def _unreachable(self, error: requests.RequestException) -> TransientSourceError:
        reason = "time ran out" if isinstance(error, requests.Timeout) else "no connection"
        return TransientSourceError(
            f"{self.source}: {self._settings.address} did not answer ({reason}). Check the network, then run the sync again."
        )

    def _words(self, error: JIRAError) -> str:
        return vendor_words(error.text or "", (self._settings.email, self._settings.token, self._settings.pat))

    def _refusal(self, error: JIRAError, path: str) -> SourceError:
        """Return the typed error for a status; the library's own text would print headers and body."""
        where, words = f"{self.source}: {error.status_code} for {path}", self._words(error)
        match error.status_code:
            case 401:
                return AuthError(f"{where}. The credentials were refused; API tokens expire after a year. Renew JIRA_TOKEN (or JIRA_PAT).")
            case 403:
                return PermissionSourceError(f"{where}. The account may not read this: {words}")
            case 404:
                return PermissionSourceError(f"{where}. It does not exist, or the account may not see it. Check 'server' and 'projects'.")
            case 410:
                return ContractError(f"{where}. Jira removed this address: {words}")
            case 400:
                return SourceConfigError(f"{where}. Jira refuses the request: {words}")
            case 429:
                return QuotaError(
                    f"{where}. Jira asks to slow down; what was read is kept, sync again later.", retry_after_seconds=_retry_after(error)
                )
            case int(code) if code >= 500:
                return TransientSourceError(
                    f"{where}. Jira has a fault. Run the sync again later.", retry_after_seconds=_retry_after(error)
                )
            case _:
                return ContractError(f"{where}. An unexpected answer.")


def _retry_after(error: JIRAError) -> float | None:
    return None if error.response is None else retry_after(error.response.headers)
