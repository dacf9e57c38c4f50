"""`addresses.json`: where everything of a running `stategate up` answers, for programs."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stategate.errors import SetupError
from stategate.servers.environment import Addresses
from stategate.settings import Settings

if TYPE_CHECKING:
    from stategate.service import Served  # which takes its time to load

_FILE = "addresses.json"


def write(folder: Path, addresses: Addresses, served: Served) -> Path:
    """Writes the file, readable by its owner alone, in one piece."""
    path = folder / _FILE
    content = {
        "graphql": served.graphql,
        "browser": addresses.browser,
        "neo4j": addresses.neo4j_uri,
        "neo4j_user": addresses.neo4j_user,
        "neo4j_password": addresses.neo4j_password,
        "nats": addresses.nats_url,
        "valkey": addresses.valkey_url,
        "grpc_planning": served.grpc_planning,
        "grpc_workflow": served.grpc_workflow,
        "pid": os.getpid(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    fresh.replace(path)
    return path


def remove(folder: Path) -> None:
    (folder / _FILE).unlink(missing_ok=True)


def find(settings: Settings) -> Addresses:
    """The servers to talk to: those named by the settings, else those of the `stategate up` that runs here.

    Raises:
        SetupError: neither is there.
    """
    if settings.neo4j_uri:
        password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else ""
        return Addresses(
            settings.neo4j_uri, settings.neo4j_user, password, None, settings.nats_url or "", settings.valkey_url or ""
        )
    return _running(settings.data_dir / _FILE)


def _running(path: Path) -> Addresses:
    try:
        content = json.loads(path.read_text())
        with suppress(PermissionError):  # it runs, as somebody else
            os.kill(content["pid"], 0)
        return Addresses(
            content["neo4j"], content["neo4j_user"], content["neo4j_password"], content["browser"], content["nats"],
            content["valkey"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise SetupError(
            f"No stategate runs on {path.parent}. Start `stategate up`, say by STATEGATE_DATA_DIR on which folder it "
            "runs, or name the servers by STATEGATE_NEO4J_URI, STATEGATE_NEO4J_PASSWORD and STATEGATE_NATS_URL."
        ) from error
