"""Room on the disk, asked for before a server fails half-way for the lack of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from stategate.errors import SetupError

SPARE = 500 * 2**20


def require_space(folder: Path, missing: int) -> None:
    """SetupError unless the disk of an existing folder takes `missing` bytes and some more for the servers' data."""
    if shutil.disk_usage(folder).free < missing + SPARE:
        raise no_space(folder, missing)


def no_space(folder: Path, missing: int) -> SetupError:
    """The error of a full disk, with both ways out."""
    free = shutil.disk_usage(folder).free
    return SetupError(
        f"the disk of {folder} is too full: {_megabytes(missing + SPARE)} are needed, {_megabytes(free)} are free; "
        "make room, or set STATEGATE_CACHE_DIR and STATEGATE_DATA_DIR to folders on another disk"
    )


def _megabytes(count: int) -> str:
    return f"{count / 2**20:.0f} MB"
