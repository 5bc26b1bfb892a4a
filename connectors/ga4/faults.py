"""What went wrong at Google, in our words and classes."""

from __future__ import annotations

import requests
from google.api_core import exceptions as google
from google.auth.exceptions import GoogleAuthError, TransportError

from connectors.ga4.quota import exhausted
from errors import AuthError, ContractError, PermissionSourceError, SourceConfigError, SourceError, TransientSourceError
from settings import redacted


def translated(error: Exception, source: str, property_id: str) -> SourceError:
    """Return the typed error for a failure of the client library, over either transport."""
    if isinstance(error, GoogleAuthError):
        return _auth(error, source)
    if isinstance(error, requests.RequestException):
        return TransientSourceError(
            f"{source}: Google Analytics did not answer ({_kind(error)}{_host(error)}). Check the network, then run the sync again."
        )
    if isinstance(error, google.GoogleAPICallError):
        return _call(error, source, property_id)
    return ContractError(f"{source}: an unexpected {type(error).__name__} came from the client library.")


def _auth(error: GoogleAuthError, source: str) -> SourceError:
    if isinstance(error, TransportError):
        return TransientSourceError(f"{source}: Google's sign-in could not be reached. Check the network, then run the sync again.")
    return AuthError(
        f"{source}: Google refused the credentials ({type(error).__name__}). Renew the service account's key and check credentials_file."
    )


def _call(error: google.GoogleAPICallError, source: str, property_id: str) -> SourceError:
    words = _words(error)
    match error:
        case google.TooManyRequests() if "larger than max" in words:
            return SourceConfigError(f"{source}: an answer is larger than the channel takes. Use 'transport: rest'.")
        case google.TooManyRequests():
            return exhausted(source, property_id, words)
        case google.Unauthorized():
            return AuthError(
                f"{source}: Google refused the credentials for property {property_id}. Renew the service account's key and check credentials_file."
            )
        case google.Forbidden():
            return PermissionSourceError(
                f"{source}: no access to property {property_id}: {words} Check the id (digits only) and add the service account's e-mail as Viewer of the property."
            )
        case google.BadRequest():
            return SourceConfigError(f"{source}: Google refuses the report for property {property_id}: {words}")
        case google.NotFound():
            return SourceConfigError(f"{source}: the address of the Data API answers 404. Check 'endpoint' in sources.yaml.")
        case google.ServerError():
            return TransientSourceError(f"{source}: Google Analytics has a fault ({error.code}). Run the sync again later.")
        case _:
            return ContractError(f"{source}: Google Analytics answers {error.code} for property {property_id}.")


def _words(error: google.GoogleAPICallError) -> str:
    """Return the vendor's own sentence, without the credentials it may repeat: REST puts the method and the address before it."""
    text = (error.message or "").strip().splitlines()[0] if error.message else ""
    head, mark, tail = text.partition(": ")
    sentence = tail if mark and "http" in head else text
    return redacted(sentence)[:300].rstrip(".") + "."


def _kind(error: requests.RequestException) -> str:
    return "time ran out" if isinstance(error, requests.Timeout) else "no connection"


def _host(error: requests.RequestException) -> str:
    request = error.request
    return f", {request.url.split('?')[0].split('/v1')[0]}" if request is not None and request.url else ""
