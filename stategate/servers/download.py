"""The jars of Neo4j in the cache: complete, verified against the lock, and shared by every process of the user."""

from __future__ import annotations

import asyncio
import errno
import fcntl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import httpx2

from stategate.errors import SetupError
from stategate.servers.disk import no_space, require_space
from stategate.servers.jar_store import JarStore
from stategate.servers.jars import Jar, Lock
from stategate.servers.urls import without_secrets

Progress = Callable[[int, int], None]

PARALLEL = 6
TRIES = 3
BACK_OFF = 1.0
FINAL = (401, 403, 404)
TIMEOUT = httpx2.Timeout(20.0, pool=None)


async def download_jars(lock: Lock, cache: Path, maven_url: str, progress: Progress) -> list[Path]:
    """The paths of all jars of the lock below `cache/jars`; what is missing is downloaded, resuming what was begun.

    `progress` gets the bytes that are there and the bytes of all. SetupError when the repository is away or sends
    something else, or when the cache has no room or cannot be written. Needs no network when all is there."""
    store = JarStore(lock, cache)
    try:
        if not store.complete():
            cache.mkdir(parents=True, exist_ok=True)
            async with _alone(cache / "download.lock"):
                await _fill(store, maven_url, progress)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise no_space(cache, store.missing()) from None
        raise SetupError(f"{cache} cannot be used ({error.strerror}); set STATEGATE_CACHE_DIR") from None
    return [store.path(jar) for jar in lock.jars]


@asynccontextmanager
async def _alone(path: Path) -> AsyncIterator[None]:
    """One downloading process per cache; the others wait, and then find the jars there."""
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.2)
        yield


async def _fill(store: JarStore, maven_url: str, progress: Progress) -> None:
    if store.complete():
        return
    wanted = await asyncio.to_thread(store.survey)
    require_space(store.cache, store.missing())
    total = sum(jar.size for jar in store.lock.jars)
    places = asyncio.Semaphore(PARALLEL)

    def report() -> None:
        progress(total - store.missing(), total)

    async def one(jar: Jar) -> None:
        async with places:
            await _download(client, store, jar, report)

    report()
    async with httpx2.AsyncClient(base_url=maven_url, timeout=TIMEOUT, follow_redirects=True) as client:
        try:
            async with asyncio.TaskGroup() as group:
                for jar in wanted:
                    group.create_task(one(jar))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
    store.mark_complete()


async def _download(client: httpx2.AsyncClient, store: JarStore, jar: Jar, report: Callable[[], None]) -> None:
    for attempt in range(TRIES):
        try:
            await _receive(client, store, jar, report)
            if store.accept(jar):
                return
            problem = SetupError(
                f"the download of {jar.path} is broken: {without_secrets(str(client.base_url))} sends a file with "
                "another checksum than the lock file's; set STATEGATE_MAVEN_URL to another Maven repository"
            )
        except httpx2.HTTPStatusError as error:
            problem = _unreachable(client, jar, f"it answers {error.response.status_code}")
            if error.response.status_code in FINAL:
                break
        except httpx2.RequestError as error:
            problem = _unreachable(client, jar, str(error) or type(error).__name__)
        if attempt + 1 < TRIES:
            await asyncio.sleep(BACK_OFF * 2**attempt)
    raise problem


def _unreachable(client: httpx2.AsyncClient, jar: Jar, why: str) -> SetupError:
    return SetupError(
        f"{jar.path} of Neo4j cannot be downloaded from {without_secrets(str(client.base_url))}: {why}. "
        "Set STATEGATE_MAVEN_URL to a Maven repository within reach, or STATEGATE_NEO4J_URI to a running Neo4j"
    )


async def _receive(client: httpx2.AsyncClient, store: JarStore, jar: Jar, report: Callable[[], None]) -> None:
    """Adds to the part what is missing of it. A byte too many ends it: the checksum will say the rest."""
    have = store.have[jar.path]
    if have == jar.size:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    async with client.stream("GET", jar.path, headers=headers) as answer:
        if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            store.discard(jar)
        answer.raise_for_status()
        at = have if answer.status_code == HTTPStatus.PARTIAL_CONTENT else 0
        async for chunk in answer.aiter_raw():
            at = store.write(jar, chunk, at)
            report()
            if at > jar.size:
                return
