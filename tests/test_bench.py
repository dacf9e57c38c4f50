"""The benchmark as a person runs it, in its quick form: that everything is measured, not how fast it is."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from stategate.bench.report import show
from stategate.bench.suite import PARTS
from tests.command import PATIENCE, STATEGATE, environment, finished

pytestmark = pytest.mark.long

RATIOS = {"gate_to_ceiling", "end_to_end_to_ceiling", "end_to_end_to_sequential", "p99_50_to_bare"}
SCALE = {"items", "history", "rules", "actors", "backlog"}


async def test_the_quick_form_measures_everything(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(STATEGATE, "bench", "--quick", "--json", "--memory", "40"),
        cwd=tmp_path,
        env=environment(data_dir=str(tmp_path / "data")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, progress = await process.communicate()
    said = progress.decode()
    assert process.returncode == 0, said
    result: dict[str, Any] = json.loads(output)
    assert result["parts"] == list(PARTS)
    assert result["form"] == "quick"
    assert set(result["ratios"]) == RATIOS
    assert set(result["scale"]) == SCALE
    assert all(value > 0 for value in (result["ratios"] | result["scale"]).values())
    assert all(result["machine"][name] for name in ("cores", "memory_gb", "os", "python", "neo4j", "nats", "valkey"))
    figures = result["figures"]
    assert {"1_per_s", "50_per_s", "500_per_s", "bare_both"} <= set(figures["latency"])
    assert {"story", "epic", "work_list"} <= set(figures["reads"])
    for kind in ("texts", "artefacts"):
        assert {f"{kind}_from_valkey", f"{kind}_from_neo4j"} <= set(figures["reads"])
    assert 0 < figures["reads"]["details_hit_rate"] < 1
    assert figures["memory"]["actions"] == 40
    [kept] = (tmp_path / "data" / "benchmarks").iterdir()
    assert json.loads(kept.read_text()) == result
    assert str(kept) in said
    assert "throughput: round 1 of 1" in said
    console = Console(width=140, file=StringIO())
    show(result, console)
    assert isinstance(console.file, StringIO)
    assert {"Throughput", "Latency", "Scale", "Goals"} <= set(re.findall(r"\w+", console.file.getvalue()))


async def test_a_part_that_is_none_is_told(tmp_path: Path) -> None:
    code, said = await finished("bench", "--only", "gate,speed", cwd=tmp_path)
    assert code == 2
    assert "there is no part 'speed'" in said
    assert list(tmp_path.iterdir()) == []
