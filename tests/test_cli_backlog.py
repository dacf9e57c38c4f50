"""The commands on the backlog, as a person runs them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from stategate.commands.backlog import _output
from stategate.errors import SetupError
from stategate.servers.environment import Addresses
from tests.command import STATEGATE, environment, finished
from tests.graph.world import unique


async def test_in_and_out(servers: Addresses, tmp_path: Path) -> None:
    there = {"neo4j_uri": servers.neo4j_uri, "neo4j_password": servers.neo4j_password}
    epic, story = unique("epic"), unique("story")
    rows = [
        {"kind": "epic", "id": epic, "title": "Sign in – „kurz“"},
        {"kind": "story", "id": story, "epic_id": epic, "title": "Tokens"},
        {"kind": "story", "id": unique("story"), "epic_id": "none", "title": "Lost"},
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    code, output = await finished("backlog", "import", "-", "--dry-run", cwd=tmp_path, stdin=text, **there)
    assert code == 1
    assert "would be created" in output
    assert "line 3: story" in output
    assert "epic_id: there is no epic 'none'" in output
    odd = json.dumps({"kind": "story", "id": "\x1b[2J", "title": "Odd"}) + "\n"
    code, output = await finished("backlog", "import", "-", "--dry-run", cwd=tmp_path, stdin=odd, **there)
    assert (code, "\ufffd[2J" in output, "\x1b" in output) == (1, True, False)
    (tmp_path / "in.jsonl").write_text(text, "utf-8")
    code, output = await finished("backlog", "import", "in.jsonl", "--json", cwd=tmp_path, **there)
    assert code == 1
    report = json.loads(output[output.index("{") :])
    assert report["kinds"]["epic"] == {"created": 1, "there": 0, "different": 0, "bad": 0}
    assert [(bad["line"], bad["field"]) for bad in report["bad"]] == [(3, "epic_id")]

    process = await asyncio.create_subprocess_exec(
        *(STATEGATE, "backlog", "export", "--epic", epic),
        cwd=tmp_path,
        env=environment(**there),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    exported = [json.loads(line) for line in out.decode().splitlines()]
    assert [(row["kind"], row["title"]) for row in exported] == [(row["kind"], row["title"]) for row in rows[:2]]
    code, _ = await finished("backlog", "export", "out.jsonl", "--epic", epic, cwd=tmp_path, **there)
    assert code == 0
    assert (tmp_path / "out.jsonl").read_bytes() == out
    code, output = await finished("backlog", "export", "none.jsonl", "--epic", "none", cwd=tmp_path, **there)
    assert code == 2
    assert "no epic 'none'" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, output = await finished("backlog", "import", "nowhere.jsonl", cwd=tmp_path)
    assert code == 2
    assert "nowhere.jsonl cannot be read" in output


def test_what_is_no_file_is_written_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with _output(pipe) as out:
        out.write(b"told")
    assert (os.read(reader, 9), pipe.is_fifo()) == (b"told", True)
    os.close(reader)


def test_a_file_is_written_where_a_link_leads_and_none_beside_it_is_touched(tmp_path: Path) -> None:
    kept, link, beside = tmp_path / "kept", tmp_path / "link", tmp_path / "kept.new"
    beside.write_text("mine")
    link.symlink_to(kept)
    for text in (b"first", b"second"):
        with _output(link) as out:
            out.write(text)
    with suppress(ZeroDivisionError), _output(link) as out:
        out.write(b"half")
        raise ZeroDivisionError
    assert (kept.read_bytes(), link.is_symlink(), beside.read_text()) == (b"second", True, "mine")
    assert len([*tmp_path.iterdir()]) == 3
    with pytest.raises(SetupError, match="cannot be written: Is a directory"), _output(tmp_path):
        pass
