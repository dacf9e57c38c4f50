"""Dead letters, looked at and sent again by a person."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from consumers.dead import DeadLetters, bury
from consumers.streams import Streams
from graph.engine import Engine
from graph.errors import ConflictError, NotFoundError
from stategate.servers.environment import Addresses
from tests.command import finished
from tests.doors.bus import Bus

WORK = "agent.work.completed"


@pytest.fixture
def dead(streams: Streams) -> DeadLetters:
    return DeadLetters(streams)


async def buried(streams: Streams, subject: str, body: bytes, reason: str = "odd") -> int:
    """The number of a dead letter."""
    place = uuid.uuid4().hex
    await bury(streams, subject, body, {"Nats-Msg-Id": f"m-{place}", "Trace": "kept"}, reason, place)
    [found] = [one for one in await DeadLetters(streams).list() if one.headers["Stategate-Place"] == place]
    return found.number


async def test_one_is_listed_and_shown_whole(dead: DeadLetters, streams: Streams) -> None:
    number = await buried(streams, WORK, b"\xff broken", "cannot be\nread")
    [listed] = [one for one in await dead.list() if one.number == number]
    assert (listed.subject, listed.reason, listed.data) == (WORK, "cannot be read", b"")
    assert listed.at.utcoffset() is not None
    whole = await dead.get(number)
    assert (whole.data, whole.headers["Trace"], whole.reason) == (b"\xff broken", "kept", "cannot be read")


async def test_one_sent_again_is_handled_and_gone(dead: DeadLetters, streams: Streams, bus: Bus) -> None:
    task = f"nobody-{uuid.uuid4()}"
    body = json.dumps({"task_id": task, "action": "COMMIT_CODE", "actor_id": "x"}).encode()
    number = await buried(streams, WORK, body)
    sent = await dead.replay(number)
    refused = await bus.hear("workflow.action.refused", task_id=task)
    # Its command id is what it was the first time.
    assert refused["command_id"] == sent.headers["Stategate-Msg-Id"]
    with pytest.raises(NotFoundError):
        await dead.get(number)


async def test_what_was_done_before_it_failed_is_not_done_again(dead: DeadLetters, streams: Streams, bus: Bus) -> None:
    task = f"nobody-{uuid.uuid4()}"
    body = json.dumps({"task_id": task, "action": "COMMIT_CODE", "actor_id": "x"}).encode()
    first, fence = f"m-{uuid.uuid4()}", f"fence-{uuid.uuid4()}"
    await bus.send(WORK, body, Nats_Msg_Id=first)
    await bus.hear("workflow.action.refused", task_id=task)
    place = uuid.uuid4().hex
    await bury(streams, WORK, body, {"Nats-Msg-Id": first}, "failed after it was done", place)
    [letter] = [one for one in await dead.list() if one.headers["Stategate-Place"] == place]
    await dead.replay(letter.number)
    await bus.send(WORK, {"task_id": fence, "action": "COMMIT_CODE", "actor_id": "x"})
    await bus.hear("workflow.action.refused", task_id=fence)
    assert bus.count("workflow.action.refused", task_id=task) == 1


async def test_one_in_any_script_is_shown_and_sent_again_as_it_was(
    dead: DeadLetters, streams: Streams, bus: Bus
) -> None:
    task, mark = f"nobody-{uuid.uuid4()}", f"größe-{uuid.uuid4()}"
    body = json.dumps({"task_id": task, "action": "COMMIT_CODE", "actor_id": "x"}).encode()
    await bury(streams, WORK, body, {"Nats-Msg-Id": mark, "Trace": "😀 ü"}, "das 'ü' darf nicht sein", mark)
    [number] = [one.number for one in await dead.list() if one.headers.get("Stategate-Msg-Id") == mark]
    letter = await dead.get(number)
    assert (letter.reason, letter.headers["Trace"]) == ("das 'ü' darf nicht sein", "😀 ü")
    await dead.replay(number)
    assert (await bus.hear("workflow.action.refused", task_id=task))["command_id"] == mark


@pytest.mark.parametrize("status", ["100", "404", "409", "503"])
async def test_one_that_looks_like_a_word_of_the_server_is_listed_with_the_others(
    dead: DeadLetters, streams: Streams, status: str
) -> None:
    first = await buried(streams, WORK, b"first")
    await bury(streams, WORK, b"odd", {"Status": status}, "odd", place := uuid.uuid4().hex)
    listed = {one.headers["Stategate-Place"]: one.number for one in await dead.list()}
    assert first in listed.values()
    await dead.drop(listed[place])


@pytest.mark.parametrize("number", [0, -1, 10**6, 2**64, 10**30])
async def test_a_number_that_none_has(dead: DeadLetters, number: int) -> None:
    with pytest.raises(NotFoundError, match=f"no dead letter {number}"):
        await dead.get(number)


async def test_what_is_still_unreadable_comes_back_under_a_new_number(
    dead: DeadLetters, streams: Streams, bus: Bus
) -> None:
    body = uuid.uuid4().hex.encode()
    number = await buried(streams, WORK, body)
    await dead.replay(number)
    before, after = await bus.dead_letters(WORK, body, 2)
    assert before.metadata.sequence.stream == number
    assert after.metadata.sequence.stream > number


async def test_one_whose_subject_no_stream_keeps_stays(dead: DeadLetters, streams: Streams) -> None:
    number = await buried(streams, f"elsewhere.{uuid.uuid4().hex}", b"{}")
    with pytest.raises(ConflictError):
        await dead.replay(number)
    assert (await dead.drop(number)).number == number
    with pytest.raises(NotFoundError):
        await dead.drop(number)


async def test_one_that_was_cut_is_not_sent_again(dead: DeadLetters, streams: Streams) -> None:
    number = await buried(streams, WORK, b"x" * streams.largest)
    with pytest.raises(ConflictError, match="cut"):
        await dead.replay(number)
    whole = await dead.get(number)
    assert whole.headers["Stategate-Size"] == str(streams.largest)
    assert len(whole.data) < streams.largest


async def test_the_command_line(streams: Streams, servers: Addresses, tmp_path: Path, engine: Engine) -> None:
    number = await buried(streams, WORK, b"broken", "a reason")
    other = await buried(streams, WORK, b"broken too", "another reason")

    async def dead(*arguments: str) -> tuple[int, str]:
        return await finished("dead", *arguments, cwd=tmp_path, nats_url=servers.nats_url)

    code, output = await dead("list", "--json", "--limit", "100000")
    listed: list[dict[str, Any]] = json.loads(output)
    assert code == 0
    assert {"number": number, "subject": WORK, "reason": "a reason"}.items() <= next(
        one for one in listed if one["number"] == number
    ).items()
    code, output = await dead("list")
    assert (code, "reason" in output) == (0, True)
    code, output = await dead("show", str(number))
    assert (code, "broken" in output, "a reason" in output) == (0, True, True)
    code, output = await dead("drop", str(number), str(other), "--json")
    assert (code, [one["number"] for one in json.loads(output)]) == (0, [number, other])
    code, output = await dead("show", str(number))
    assert (code, "no dead letter" in output) == (2, True)
    code, output = await dead("replay")
    assert (code, "--all" in output) == (2, True)


async def test_one_that_cannot_be_sent_again_holds_up_none_behind_it(
    streams: Streams, servers: Addresses, tmp_path: Path
) -> None:
    cut = await buried(streams, WORK, b"x" * streams.largest)
    odd = await buried(streams, f"elsewhere.[/{uuid.uuid4().hex}]", b"{}", "it says [/b]")
    good = await buried(streams, WORK, b"broken")

    async def dead(*arguments: str) -> tuple[int, str]:
        return await finished("dead", *arguments, cwd=tmp_path, nats_url=servers.nats_url)

    code, output = await dead("list", "--limit", "100000")
    assert (code, "it says [/b]" in output) == (0, True)
    code, output = await dead("replay", str(cut), str(odd), "999999999", str(good))
    assert (code, output.count("not sent again"), f"sent again: {good}" in output) == (1, 3, True)
    code, output = await dead("drop", str(cut), str(good), str(odd))
    assert (code, f"dropped: {odd}" in output) == (1, True)
