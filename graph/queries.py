"""The statements: one file of cypher/ each, known by its path without the ending, sent in dialect 5."""

from __future__ import annotations

import functools
import re
from importlib import resources
from importlib.resources.abc import Traversable

_FRAGMENT = re.compile(r"^[ \t]*// include: (\S+)[ \t]*$", re.MULTILINE)


@functools.cache
def query(name: str) -> str:
    """The statement `cypher/<name>.cypher`, its `// include:` lines replaced by what they name."""
    return "CYPHER 5\n" + _expand(_text(name))


def _expand(text: str) -> str:
    return _FRAGMENT.sub(lambda found: _expand(_fragment(found.group(1))), text)


def _fragment(name: str) -> str:
    return _text(name if "/" in name else f"fragments/{name}").rstrip()


def _text(name: str) -> str:
    return resources.files("cypher").joinpath(*f"{name}.cypher".split("/")).read_text("utf-8")


def migrations() -> list[tuple[str, list[str]]]:
    """The schema files in order, each with its statements (split at `;` at the end of a line)."""
    folder = resources.files("cypher").joinpath("schema")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".cypher")), key=_name)
    return [(file.name, _statements(file.read_text("utf-8"))) for file in files]


def _name(file: Traversable) -> str:
    return file.name


def _statements(text: str) -> list[str]:
    return [f"CYPHER 5\n{part.strip()}" for part in re.split(r";\s*$", text, flags=re.MULTILINE) if part.strip()]
