"""The jars arrive whole or not at all, and what can go wrong on the way says what to do."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from stategate.errors import SetupError
from stategate.servers import download
from stategate.servers.download import download_jars
from stategate.servers.jar_store import JarStore
from tests.servers.repository import FILES, FIRST, JARS, LOCK, Repository, repository


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setattr(download, "BACK_OFF", 0.01)
    with repository() as served:
        yield served


async def _download(cache: Path, url: str) -> list[Path]:
    return await download_jars(LOCK, cache, url, lambda done, total: None)


async def test_all_jars_arrive_and_a_second_start_needs_no_network(served: Repository, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    paths = await download_jars(LOCK, tmp_path, served.url, lambda done, total: seen.append((done, total)))
    assert [path.read_bytes() for path in paths] == list(FILES.values())
    total = sum(jar.size for jar in JARS)
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert await _download(tmp_path, "http://127.0.0.1:9") == paths
    assert len(served.asked) == len(JARS)


async def test_a_begun_download_is_resumed(served: Repository, tmp_path: Path) -> None:
    part = JarStore(LOCK, tmp_path).part(FIRST)
    part.parent.mkdir(parents=True)
    part.write_bytes(FILES[FIRST.path][:1000])
    await _download(tmp_path, served.url)
    assert (FIRST.path, "bytes=1000-") in served.asked
    assert not part.exists()


async def test_a_broken_beginning_is_thrown_away(served: Repository, tmp_path: Path) -> None:
    part = JarStore(LOCK, tmp_path).part(FIRST)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    paths = await _download(tmp_path, served.url)
    assert paths[0].read_bytes() == FILES[FIRST.path]


async def test_a_jar_that_was_damaged_is_fetched_again(served: Repository, tmp_path: Path) -> None:
    paths = await _download(tmp_path, served.url)
    paths[0].write_bytes(b"short")
    assert (await _download(tmp_path, served.url))[0].read_bytes() == FILES[FIRST.path]
    assert len(served.asked) == len(JARS) + 1


@pytest.mark.parametrize("sent", [b"x" * FIRST.size, b"x" * 3 * FIRST.size, FILES[FIRST.path][:-1]])
async def test_another_file_is_refused(served: Repository, tmp_path: Path, sent: bytes) -> None:
    served.sends[FIRST.path] = sent
    with pytest.raises(SetupError, match=f"{FIRST.path} is broken.*STATEGATE_MAVEN_URL"):
        await _download(tmp_path, served.url)
    assert not JarStore(LOCK, tmp_path).path(FIRST).exists()


async def test_a_server_that_stumbles_is_asked_again(served: Repository, tmp_path: Path) -> None:
    served.failures = [503, 503]
    await _download(tmp_path, served.url)


async def test_a_missing_file_is_named(served: Repository, tmp_path: Path) -> None:
    del served.sends[FIRST.path]
    with pytest.raises(SetupError, match=f"{FIRST.path} .*404.*STATEGATE_MAVEN_URL"):
        await _download(tmp_path, served.url)


async def test_without_a_network_both_ways_out_are_named(served: Repository, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"http://127.0.0.1:9.*STATEGATE_MAVEN_URL.*STATEGATE_NEO4J_URI") as caught:
        await _download(tmp_path, "http://me:secret@127.0.0.1:9")
    assert "secret" not in str(caught.value)


async def test_a_full_disk_is_seen_before(served: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=400 * 2**20))
    with pytest.raises(SetupError, match=r"500 MB are needed, 400 MB are free.*STATEGATE_CACHE_DIR"):
        await _download(tmp_path, served.url)
    assert not served.asked


async def test_a_disk_that_fills_up_gives_the_same_error(
    served: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(JarStore, "write", full)
    with pytest.raises(SetupError, match=r"too full.*STATEGATE_CACHE_DIR"):
        await _download(tmp_path, served.url)


async def test_a_cache_that_is_no_folder(served: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="STATEGATE_CACHE_DIR"):
        await _download(tmp_path / "file", served.url)


async def test_two_at_once_download_once(served: Repository, tmp_path: Path) -> None:
    first, second = await asyncio.gather(_download(tmp_path, served.url), _download(tmp_path, served.url))
    assert first == second
    assert len(served.asked) == len(JARS)
