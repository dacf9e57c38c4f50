"""Where a command takes rules from: a file, the live rules of a workflow, or one of its versions (`name@3`)."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from graph.engine import Engine
from graph.rules.file import Parsed, parse
from graph.rules.model import Workflow
from stategate import addresses
from stategate.errors import SetupError
from stategate.service import open_engine
from stategate.settings import load_settings


def is_file(source: str) -> bool:
    """Whether a file is meant, there or not; - is the standard input."""
    # Unlike Path.is_file, os.path.isfile also says no of what can be no path.
    return source == "-" or os.sep in source or source.endswith((".yaml", ".yml")) or os.path.isfile(source)


def read_file(source: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise SetupError(f"{source} cannot be read: {error.strerror}.") from error


def parse_file(source: str) -> Workflow:
    """The rules of a file. Raises `SetupError` with all that is wrong."""
    return _sound(parse(read_file(source)), source)


async def load(source: str) -> Workflow:
    """The rules of a file, or of what runs.

    Raises:
        SetupError: the file is no rules file, or nothing runs. NotFoundError: no such workflow, or version.
    """
    if is_file(source):
        return parse_file(source)
    async with open_engine(addresses.find(load_settings())) as engine:
        return await live(engine, source)


async def live(engine: Engine, source: str) -> Workflow:
    """The live rules of a workflow, or those of `name@version`."""
    versioned = re.fullmatch(r"(.+)@([0-9]{1,9})", source)
    if versioned:
        return _sound(parse(await engine.rules.export(versioned[1], int(versioned[2]))), source)
    return await engine.rules.read(source)


def _sound(parsed: Parsed, source: str) -> Workflow:
    if parsed.workflow is None:
        raise SetupError("\n".join(f"{source}: {finding.message}" for finding in parsed.findings))
    return parsed.workflow
