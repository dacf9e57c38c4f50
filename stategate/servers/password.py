"""The password of the started Neo4j: made once, kept beside the data, in nobody's log."""

from __future__ import annotations

import os
import secrets
from importlib.resources import files
from pathlib import Path

import neo4j
from neo4j.exceptions import AuthError

from stategate.errors import SetupError

USER = "neo4j"
INITIAL = "neo4j"


def kept_password(data: Path) -> str:
    """The password in `<data>/neo4j-password`, which is made now if there is none, mode 0600.

    It is on the disk before Neo4j knows it: after a crash in between, the next start sets it again."""
    file = data / "neo4j-password"
    if not (file.exists() and file.stat().st_size):
        draft = file.with_suffix(".part")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.write(secrets.token_urlsafe(18))
            output.flush()
            os.fsync(output)
        draft.replace(file)
    return file.read_text().strip()


async def ensure_password(uri: str, data: Path) -> None:
    """Makes the kept password the server's: nothing to do but on the first start.

    SetupError when the server has neither this password nor the initial one. Driver errors when it is away."""
    password = kept_password(data)
    try:
        await _connect(uri, password)
    except AuthError:
        try:
            await _set_password(uri, password)
        except AuthError:
            raise SetupError(
                f"the password in {data / 'neo4j-password'} is not the one of the Neo4j data beside it; "
                "put the right one there, or set STATEGATE_DATA_DIR to a new folder"
            ) from None


async def _connect(uri: str, password: str) -> None:
    async with neo4j.AsyncGraphDatabase.driver(uri, auth=(USER, password)) as driver:
        await driver.verify_connectivity()


async def _set_password(uri: str, password: str) -> None:
    statement = files(__package__).joinpath("set_password.cypher").read_text("utf-8")
    async with neo4j.AsyncGraphDatabase.driver(uri, auth=(USER, INITIAL)) as driver:
        await driver.execute_query(statement, {"old": INITIAL, "new": password}, database_="system")
    await _connect(uri, password)
