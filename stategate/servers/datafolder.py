"""The data folder: private, and of one environment at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stategate.errors import SetupError
from stategate.servers.disk import require_space


@contextmanager
def hold_data_folder(folder: Path) -> Iterator[None]:
    """Creates the folder when it is not there and keeps everybody else out until the end of the block.

    The lock goes with the process, however it ends. SetupError when the folder is taken, not writable, or full."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise SetupError(f"the folder {folder} cannot be used ({error.strerror}); set STATEGATE_DATA_DIR") from None
    with file:
        _lock(file.fileno(), folder, file.read().strip())
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        require_space(folder, 0)
        yield


def _lock(descriptor: int, folder: Path, holder: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = f"another stategate (pid {holder})" if holder else "another stategate"
        raise SetupError(f"{who} already uses {folder}; stop it or set STATEGATE_DATA_DIR") from None
