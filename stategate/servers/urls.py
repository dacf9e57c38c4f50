"""URLs of servers as people write them: checked for shape, shown without what is secret in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit


def require_url(url: str, schemes: Sequence[str]) -> str:
    """The URL itself when it has one of the schemes, a host and a possible port; ValueError otherwise."""
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
        raise ValueError("not a URL of this server")
    return url


def without_secrets(url: str) -> str:
    """The URL without user, password and query, whatever its shape: for messages and logs."""
    return re.sub(r"^(\w[\w+.-]*://)?.*@", r"\1", url.split("?", maxsplit=1)[0], flags=re.DOTALL)
