"""Rules from a terminal, from the draft to the version and back."""

from __future__ import annotations

from pathlib import Path

from graph.database import Database
from graph.engine import Engine
from stategate.servers.environment import Addresses
from tests.command import finished
from tests.graph.world import World, unique

_RULES = """
workflow: {name}
roles: [clerk-{name}, judge-{name}]
states: {{open: {{kind: initial}}, closed: {{kind: final}}}}
transitions:
  - {{from: open, action: CLOSE, to: closed, roles: [{role}-{name}]}}
"""


async def test_from_the_draft_to_the_version_and_back(
    servers: Addresses, engine: Engine, db: Database, tmp_path: Path
) -> None:
    world, name = World(db, engine.gate, engine.rules), unique("desk")
    await world.publish(_RULES.format(name=name, role="clerk"))
    item, clerk, guest = await world.task(name), await world.actor(f"clerk-{name}"), await world.actor()
    settings = {
        "neo4j_uri": servers.neo4j_uri,
        "neo4j_password": servers.neo4j_password,
        "neo4j_user": servers.neo4j_user,
    }

    async def rules(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return await finished("rules", *arguments, cwd=tmp_path, stdin=stdin, **settings)

    changed = _RULES.format(name=name, role="judge").replace("open", "fresh")
    code, output = await rules("import", "-", "--actor", guest, stdin=changed)
    assert (code, "may not draft" in output) == (2, True)
    code, output = await rules("permit", f"clerk-{name}", name, "--draft", "--publish")
    assert (code, f"'clerk-{name}' may draft and publish the rules of '{name}'." in output) == (0, True)
    code, output = await rules("import", "-", "--actor", clerk, stdin=changed)
    assert (code, "--map 'open=<state>'" in output) == (0, True)
    confirm = output.split()[-1]
    code, output = await rules("publish", name, confirm, "--actor", clerk)
    assert (code, "map it to another state" in output) == (2, True)
    code, output = await rules("publish", name, confirm, "--actor", clerk, "--map", "open=fresh")
    assert (code, f"'{name}' is at version 2." in output) == (0, True)
    assert await world.state(item) == "fresh"
    code, output = await rules("import", "-", stdin=changed)
    assert "'fresh': nobody there is could move the 1 items in it any more" in output
    code, output = await rules("revert", name)
    assert (code, "--map 'fresh=<state>'" in output) == (0, True)
    code, output = await rules("publish", name, output.split()[-1], "--map", "fresh=open")
    assert (code, await world.state(item)) == (0, "open")
