"""Commands on dead letters: messages that nobody could handle."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from consumers.dead import DeadLetter, DeadLetters
from consumers.streams import Streams
from graph.errors import ConflictError, NotFoundError
from stategate import addresses
from stategate.commands.bus import asking
from stategate.errors import SetupError
from stategate.lifetime import FAILED, OK, run
from stategate.settings import load_settings

app = App(name="dead", help="Messages that nobody could handle: list, show, replay, drop.")


@app.command(name="list")
def list_(*, limit: int = 100, json: bool = False) -> int:
    """List them, the oldest first, with their numbers, times, subjects and reasons.

    Parameters
    ----------
    limit
        How many of the newest are shown.
    json
        Print them as JSON.
    """

    async def work() -> int:
        async with _letters() as dead:
            found = await dead.list()
        shown = found[-limit:] if limit > 0 else []
        if json:
            print(json_format.dumps([_plain(letter) for letter in shown], indent=2, ensure_ascii=False))
            return OK
        table = Table("number", "time", "subject", "reason")
        for letter in shown:
            # They quote what was sent, which may look like markup.
            table.add_row(str(letter.number), _time(letter), escape(letter.subject), escape(letter.reason))
        console = Console()
        console.print(table)
        if len(shown) < len(found):
            console.print(f"{len(found)} in all; --limit shows more.")
        return OK

    return run(work())


@app.command
def show(number: int, *, json: bool = False) -> int:
    """Show one whole, with its headers and its body.

    Parameters
    ----------
    number
        Its number in the list.
    json
        Print it as JSON.
    """

    async def work() -> int:
        async with _letters() as dead:
            letter = await dead.get(number)
        body = letter.data.decode(errors="replace")
        if json:
            print(json_format.dumps(_plain(letter) | {"headers": letter.headers, "body": body}, ensure_ascii=False))
            return OK
        print(f"{letter.number}  {_time(letter)}  {letter.subject}\n{letter.reason}\n")
        for name, value in letter.headers.items():
            print(f"{name}: {value}")
        print(f"\n{body}")
        return OK

    return run(work())


@app.command
def replay(*numbers: int, all: bool = False, json: bool = False) -> int:
    """Send messages again to their subjects, and take them from the list; the same commands as before, done once.

    Parameters
    ----------
    numbers
        Their numbers in the list.
    all
        All there are.
    json
        Print as JSON what was sent.
    """
    return run(_each(numbers, all, json, "sent again", lambda dead, number: dead.replay(number)))


@app.command
def drop(*numbers: int, all: bool = False, json: bool = False) -> int:
    """Take messages from the list for good.

    Parameters
    ----------
    numbers
        Their numbers in the list.
    all
        All there are.
    json
        Print as JSON what was dropped.
    """
    return run(_each(numbers, all, json, "dropped", lambda dead, number: dead.drop(number)))


async def _each(
    numbers: tuple[int, ...],
    all: bool,
    json: bool,
    word: str,
    act: Callable[[DeadLetters, int], Awaitable[DeadLetter]],
) -> int:
    if bool(numbers) == all:
        raise SetupError("Name the numbers of the dead letters, or give --all.")
    async with _letters() as dead:
        chosen = [letter.number for letter in await dead.list()] if all else numbers
        done, failed = [], False
        for number in chosen:
            try:
                letter = await act(dead, number)
            except (ConflictError, NotFoundError) as error:
                # One that stays is no reason to leave those behind it.
                print(f"not {word}: {error}", file=sys.stderr)
                failed = True
                continue
            done.append(_plain(letter))
            if not json:
                print(f"{word}: {letter.number} {letter.subject}")
    if json:
        print(json_format.dumps(done, indent=2, ensure_ascii=False))
    return FAILED if failed else OK


@asynccontextmanager
async def _letters() -> AsyncIterator[DeadLetters]:
    settings = load_settings()
    url = settings.nats_url or addresses.find(settings).nats_url
    if not url:
        raise SetupError("Dead letters are kept by NATS; name it by STATEGATE_NATS_URL.")
    async with asking(url, "stategate-dead") as connection:
        yield DeadLetters(Streams(connection, settings.nats_replicas))


def _time(letter: DeadLetter) -> str:
    return letter.at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _plain(letter: DeadLetter) -> dict[str, Any]:
    return {"number": letter.number, "at": _time(letter), "subject": letter.subject, "reason": letter.reason}
