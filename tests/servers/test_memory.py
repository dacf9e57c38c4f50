"""How much memory a started Neo4j takes, on small machines and on large ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from stategate.servers import memory
from stategate.servers.neo4j import Neo4j
from stategate.settings import load_settings

GB = 2**30


@pytest.mark.parametrize(
    ("total", "heap", "page_cache"),
    [
        (1 * GB, "512m", "128m"),
        (4 * GB, "512m", "512m"),
        (16 * GB, "2048m", "2048m"),
        (64 * GB, "4096m", "8192m"),
        (512 * GB, "4096m", "8192m"),
    ],
)
def test_sizes_fit_the_machine(total: int, heap: str, page_cache: str) -> None:
    assert (memory.heap(total), memory.page_cache(total)) == (heap, page_cache)


def test_a_container_has_what_it_was_given(tmp_path: Path) -> None:
    machine = memory.memory([])
    given, open_end = tmp_path / "given", tmp_path / "open"
    given.write_text("1073741824\n")
    open_end.write_text("max\n")
    assert memory.memory([given, open_end, tmp_path / "none"]) == GB < machine
    assert memory.memory([open_end]) == machine


def test_what_is_set_is_taken(tmp_path: Path) -> None:
    settings = load_settings(neo4j_heap="700m", neo4j_page_cache="300m", data_dir=tmp_path)
    server = Neo4j("2026.08.1", [], tmp_path, settings.neo4j_heap, settings.neo4j_page_cache)
    server.command({"neo4j-bolt": 1, "neo4j-http": 2})
    config = (tmp_path / "neo4j" / "conf" / "neo4j.conf").read_text()
    assert "server.memory.pagecache.size=300m\n" in config
    assert "-Xms700m\n-Xmx700m\n" in (tmp_path / "neo4j" / "conf" / "java.args").read_text()
