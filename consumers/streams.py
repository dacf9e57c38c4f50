"""The streams of NATS: made when they are missing, and foreign ones that keep a subject of ours used as they are."""

from __future__ import annotations

from dataclasses import replace

from nats.aio.client import Client
from nats.js.api import StreamConfig
from nats.js.errors import APIError, BadRequestError, NotFoundError, ServerError, ServiceUnavailableError

from graph.events import ACCEPTED
from graph.published import PUBLISHED

STREAMS = {
    "PLANNING": "planning.>",
    "WORKFLOW": "workflow.>",
    "AGENT_WORK": "agent.work.>",
    "DEAD_LETTERS": "dead.>",
}
_SUBJECTS = list(dict.fromkeys([*(kind.subject for kind in PUBLISHED), *(kind.subject for kind in ACCEPTED)]))
# What must be kept even where a foreign stream leaves no room for the whole of ours.
NEEDED = {
    stream: [subject for subject in _SUBJECTS if subject.startswith(covered.removesuffix(">"))] or [covered]
    for stream, covered in STREAMS.items()
}
SILENT = (TimeoutError, ServerError, ServiceUnavailableError)
"""What is raised where nobody answers for a stream or a consumer: of a cluster, too few servers run, or just began."""
REPLICAS = 3  # copies of a stream that is made in a cluster
_BATCHED = (2, 14)  # the first version that takes many messages as one batch
_ALONE = 10074  # the code of a server that is in no cluster, and so keeps one copy
_OVERLAP = 10065  # of subjects that another stream keeps already


def is_ours(subject: str) -> bool:
    """Whether it belongs to a stream that we make."""
    return subject.startswith(tuple(covered.removesuffix(">") for covered in STREAMS.values()))


class Streams:
    """The streams, each of which is to have so many replicas in a cluster; a server alone keeps it once."""

    def __init__(self, connection: Client, replicas: int = REPLICAS) -> None:
        self.connection = connection
        self.js = connection.jetstream()
        self._replicas = replicas

    @property
    def largest(self) -> int:
        """The bytes that a message may have, its headers and its body together."""
        return self.connection.max_payload

    async def ensure(self) -> None:
        """Makes those that are missing, and adds to ours what no stream keeps; replicas of one that is there stay.

        One for which nobody answers, or that cannot be made, keeps no other from being made; then the error is raised.
        """
        failed: Exception | None = None
        for name, subject in STREAMS.items():
            try:
                await self._ensure(name, subject)
            except (TimeoutError, APIError) as error:
                failed = error
        if failed:
            raise failed

    async def _ensure(self, name: str, subject: str) -> None:
        try:
            config = (await self.js.stream_info(name)).config
        except NotFoundError:
            await self._add(name, subject)
        else:
            if subject not in (config.subjects or []):
                await self._widen(config, await self._homeless(name))

    async def of(self, subject: str) -> str | None:
        """The name of the stream that keeps a subject."""
        try:
            return str(await self.js.find_stream_name_by_subject(subject))
        except NotFoundError:
            return None

    async def batching(self, subject: str) -> str | None:
        """The name of the stream that keeps a subject, when it takes many messages as one batch.

        Not one with replicas: when the same messages come once more, in another batch, its leader counts those that
        its followers do not have yet, and may lose, as stored.
        """
        name = await self.of(subject)
        if name is None:
            return None
        config = (await self.js.stream_info(name)).config
        return name if config.allow_batched and (config.num_replicas or 1) == 1 else None

    async def lean(self) -> dict[str, int]:
        """Those of a cluster that have fewer replicas than they are to have, with how many they have.

        0 is one that nobody answers for, as when it has no leader.
        """
        found: dict[str, int] = {}
        for name in STREAMS:
            try:
                about = await self.js.stream_info(name)
            except NotFoundError:
                continue
            except SILENT:
                found[name] = 0
                continue
            has = about.config.num_replicas or 1
            if about.cluster and about.cluster.name and has < self._replicas:
                found[name] = has
        return found

    async def _add(self, name: str, subject: str) -> None:
        try:
            await self._make(name, [subject])
        except BadRequestError as error:
            if error.err_code != _OVERLAP:
                raise
            # Somebody else's stream holds a part of it, so ours takes what is left.
            if free := await self._homeless(name):
                await self._make(name, free)

    async def _homeless(self, name: str) -> list[str]:
        return [subject for subject in NEEDED[name] if await self.of(subject) is None]

    async def _make(self, name: str, subjects: list[str]) -> None:
        version = self.connection.connected_server_version
        # An older server refuses a setting that it does not know.
        once = {"num_replicas": 1, "allow_batched": True if (version.major, version.minor) >= _BATCHED else None}
        config = StreamConfig(name=name, subjects=subjects, num_replicas=self._replicas)
        try:
            await self.js.add_stream(config, **(once if self._replicas == 1 else {}))
        except ServerError as error:
            if error.err_code != _ALONE:
                raise
            await self.js.add_stream(config, **once)

    async def _widen(self, config: StreamConfig, subjects: list[str]) -> None:
        if subjects:
            await self.js.update_stream(replace(config, subjects=[*(config.subjects or []), *subjects]))
