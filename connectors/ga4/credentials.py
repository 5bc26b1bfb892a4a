"""Google credentials of which every token and key is known to the redactor before it is sent anywhere."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import google.auth
from google.auth import crypt
from google.oauth2 import service_account

from settings import Secret, remember_token

LEAST_LINE = 16
"""A shorter line of a key is no secret of its own, and could be in any sentence."""


class _Known:
    """Credentials whose token the redactor learns as soon as there is one. Copies that the library makes are of the same class."""

    def refresh(self, request: Any) -> None:
        """Fetch or sign a token."""
        super().refresh(request)  # type: ignore[misc]  # the other base of every class below has it
        remember_token(self.token)  # type: ignore[attr-defined]  # set by refresh of that other base


class _ServiceAccount(_Known, service_account.Credentials):
    """A service account."""


class _Signer(crypt.Signer):
    """Signs like another signer; what it signs becomes a token, also the one that is only traded for another."""

    def __init__(self, signer: Any) -> None:
        self._signer = signer

    @property
    def key_id(self) -> Any:
        """The key's id."""
        return self._signer.key_id

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a token's first two parts."""
        signature: bytes = self._signer.sign(message)
        remember_token(f"{message.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}")
        return signature


def from_key_file(path: str) -> Any:
    """Return the credentials of a service account's JSON key.

    Raises: OSError when the file cannot be read, ValueError when it is no such key.
    """
    info = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(info, dict):
        raise ValueError("a key file holds one JSON object")
    _remember_key(str(info.get("private_key", "")))
    plain = service_account.Credentials.from_service_account_info(info)  # type: ignore[no-untyped-call]  # google-auth has no annotations here
    return _ServiceAccount(  # type: ignore[no-untyped-call]  # the inherited constructor has no annotations
        _Signer(plain.signer),
        service_account_email=plain.service_account_email,
        token_uri=info["token_uri"],
        project_id=plain.project_id,
        universe_domain=plain.universe_domain,
    )


def _remember_key(key: str) -> None:
    """Tell the redactor a key as a whole and line by line: who prints one often breaks it otherwise."""
    for text in (key, *(line for line in key.splitlines() if len(line) >= LEAST_LINE and not line.startswith("-----"))):
        Secret(text)


def from_environment(scopes: Any) -> Any:
    """Return the Application Default Credentials.

    Raises: DefaultCredentialsError when there are none.
    """
    found, _project = google.auth.default(default_scopes=scopes)
    for name in ("refresh_token", "client_secret"):
        if isinstance(value := getattr(found, name, None), str):
            Secret(value)
    kind = type(found)
    found.__class__ = type(kind.__name__, (_Known, kind), {})  # there are many kinds, and the library asks each one which it is
    return found
