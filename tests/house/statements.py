"""The statements on disk, and where the Python of the product names them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("stategate", "api", "consumers", "graph")
CYPHER = ROOT / "cypher"

_NAME = re.compile(r"[a-z][a-z_]*(/[a-z_]+)+")
_WRITTEN = re.compile(r"""(?:\btx\.run(?:_checking)?|\.write)\(\s*["']([a-z_]+/[a-z_]+)["']""")


def folders() -> set[str]:
    """The nouns that hold statements run by name; the schema is run by its number, fragments by inclusion."""
    found = {file.parent.relative_to(CYPHER).parts[0] for file in CYPHER.rglob("*.cypher") if file.parent != CYPHER}
    return found - {"fragments", "schema", "browser"}


@cache
def on_disk() -> list[str]:
    files = [file.relative_to(CYPHER).with_suffix("") for file in CYPHER.rglob("*.cypher")]
    return sorted(file.as_posix() for file in files if file.parts[0] in folders())


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def texts(source: str) -> Iterator[str]:
    """Every string a module holds, the fixed parts of its f-strings too, but no docstring."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def named(source: str) -> set[str]:
    """The statements a module names, whatever it passes the name to."""
    return {text for text in texts(source) if _NAME.fullmatch(text) and text.split("/")[0] in folders()}


def read(source: str) -> set[str]:
    """The statements a module names that it does not, in so many words, run in a transaction for writing."""
    return named(source) - set(_WRITTEN.findall(source))


def parameters(text: str) -> set[str]:
    """The parameters a statement takes; what its comments and strings say is not one."""
    return set(re.findall(r"\$(\w+)", without_comments(text)))


def without_comments(text: str) -> str:
    quiet = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"'(?:[^'\\]|\\.)*'", "''", quiet)
