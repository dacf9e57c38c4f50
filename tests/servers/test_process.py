"""No server outlives us, however we end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stategate.errors import SetupError
from stategate.lifetime import complete
from stategate.servers.launch import Launcher
from stategate.servers.leftover import end_leftover
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports
from stategate.servers.process import ServerProcess
from stategate.servers.valkey import Valkey


def _running(data: Path) -> list[int]:
    """The ids of all processes that have the folder in their command line."""
    asked = subprocess.run(["ps", "-ww", "-eo", "pid=,command="], capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in asked.stdout.splitlines() if str(data) in line]


def _wait_until_gone(data: Path) -> None:
    end = time.monotonic() + 15
    while (left := _running(data)) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == []


async def test_what_was_started_answers_and_is_stopped(tmp_path: Path) -> None:
    launcher, nats, valkey = Launcher(tmp_path, Ports(tmp_path, prefer_known=False)), Nats(tmp_path), Valkey(tmp_path)
    nats_ports, valkey_ports = await asyncio.gather(launcher.launch(nats), launcher.launch(valkey))
    assert await nats.answers(nats_ports)
    assert await valkey.answers(valkey_ports)
    assert len(_running(tmp_path)) == 4
    await launcher.stop()
    assert _running(tmp_path) == []
    assert not list(tmp_path.glob("*.pid"))


@pytest.mark.parametrize("with_its_guard", [False, True])
def test_a_server_that_ended_by_itself_keeps_no_other_from_being_stopped(tmp_path: Path, with_its_guard: bool) -> None:
    async def started_and_stopped() -> None:
        launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
        await launcher.launch(Valkey(tmp_path))
        await launcher.launch(Nats(tmp_path))
        guard, server = (tmp_path / "valkey.pid").read_text().split()[:2]
        for pid in [guard] * with_its_guard + [server]:
            os.kill(int(pid), signal.SIGKILL)
        while all(process.alive for process, _ in launcher._running):
            await asyncio.sleep(0.02)
        await launcher.stop()

    # On the event loop of the commands, which minds other things than that of the tests.
    complete(started_and_stopped())
    assert _running(tmp_path) == []
    assert not list(tmp_path.glob("*.pid"))


async def test_a_server_that_ends_by_itself_is_told_of(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    await launcher.launch(Valkey(tmp_path))
    await launcher.launch(Nats(tmp_path))
    with capture_logs() as told:
        os.kill(int((tmp_path / "valkey.pid").read_text().split()[1]), signal.SIGKILL)
        while not told:
            await asyncio.sleep(0.02)
        await launcher.stop()
    [line] = told
    assert "ended by itself" in line["event"]
    assert (line["server"], line["its_log"]) == ("valkey", str(tmp_path / "logs" / "valkey.log"))


@pytest.mark.parametrize("guards_too", [False, True])
async def test_kill_9_of_the_owner_leaves_nothing(tmp_path: Path, guards_too: bool) -> None:
    command = [sys.executable, "-m", "tests.servers.owner", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:  # noqa: ASYNC220 - killed, not awaited
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        pids = {path: [int(line) for line in path.read_text().split()[:2]] for path in tmp_path.glob("*.pid")}
        if guards_too:
            for guard, _ in pids.values():
                os.kill(guard, signal.SIGKILL)
        owner.kill()
    assert len(pids) == 2
    if guards_too:
        assert sorted(_running(tmp_path)) == sorted(server for _, server in pids.values())
        for pidfile in pids:
            await end_leftover(pidfile)
    _wait_until_gone(tmp_path)
    assert not list(tmp_path.glob("*.pid"))


async def test_a_process_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:  # noqa: ASYNC220 - its id is all that counts
        pidfile = tmp_path / "valkey.pid"
        pidfile.write_text(f"{stranger.pid}\n{stranger.pid}\nsleep\n")
        await end_leftover(pidfile)
        assert stranger.poll() is None
        assert not pidfile.exists()
        stranger.kill()


@pytest.mark.parametrize("text", ["", "1\n", "one\ntwo\nsleep\n", "1\n99999999999999999999\nsleep\n"])
async def test_a_file_of_ids_that_was_spoilt_keeps_nothing_from_starting(tmp_path: Path, text: str) -> None:
    (tmp_path / "valkey.pid").write_text(text)
    await end_leftover(tmp_path / "valkey.pid")


async def test_a_server_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    process = await ServerProcess.start("deaf", [sys.executable, "-c", code, str(tmp_path)], tmp_path)
    while "up" not in process.tail():
        await asyncio.sleep(0.02)
    begun = time.monotonic()
    await process.stop(0.3)
    assert 0.3 <= time.monotonic() - begun < 5
    assert not process.alive
    assert _running(tmp_path) == []


class _Stubborn(Valkey):
    """Always takes the port it was made with first, as if somebody had been quicker."""

    def __init__(self, data: Path, taken: int) -> None:
        super().__init__(data)
        self._taken = [taken]

    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        return super().command({"valkey": self._taken.pop()} if self._taken else ports)


async def test_a_lost_race_for_a_port_is_run_again(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    with socket.create_server(("127.0.0.1", 0)) as winner:
        server = _Stubborn(tmp_path, winner.getsockname()[1])
        assert await server.answers(await launcher.launch(server))
    await launcher.stop()


class _Broken(Valkey):
    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        return (*super().command(ports), "--no-such-option", "1")


async def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    launcher = Launcher(tmp_path, Ports(tmp_path, prefer_known=False))
    with pytest.raises(SetupError, match=r"(?s)valkey ended while starting.*no-such-option.*valkey\.log"):
        await launcher.launch(_Broken(tmp_path))
    await launcher.stop()
