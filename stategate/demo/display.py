"""What a person sees of the demo: a live picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from stategate.demo.record import Heard, Record
from stategate.demo.scenario import Scenario


class Display:
    """Shows where the story and its tasks are, and what happened last."""

    def __init__(self, console: Console, scenario: Scenario) -> None:
        self._console = console
        self._titles = {scenario.story["id"]: scenario.story["title"]} | {t["id"]: t["title"] for t in scenario.tasks}
        self._states: dict[str, str] = {}
        self._lines: deque[Text] = deque(maxlen=12)
        self._live = Live(console=console, refresh_per_second=12, transient=True) if console.is_terminal else None

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str, style: str = "") -> None:
        """One line of what is going on."""
        text = Text(line, style=style)
        if self._live:
            self._lines.append(text)
            self._live.update(self._picture())
        else:
            self._console.print(text, soft_wrap=True)

    def heard(self, heard: Heard) -> None:
        """Shows a message of the bus, when a person wants to see it."""
        body = heard.body
        if "from_state" in body:
            item = body.get("task_id") or body["story_id"]
            self._states[item] = body["to_state"]
            by = "by itself" if body["automatic"] else f"by {body['actor_id']} as {body['actor_role']}"
            self.say(f"  {item}  {body['from_state']} → {body['to_state']}  {body['action']} {by}")
        elif heard.subject.endswith(".action.refused"):
            reasons = "; ".join(f"{reason['code']}: {reason['message']}" for reason in body["reasons"])
            self.say(f"  {body['task_id']}  {body['actor_id']} was refused {body['action']}. {reasons}", "bold yellow")
        elif heard.subject.endswith(".tasks_completed"):
            self.say(
                f"  {body['story_id']}  all tasks closed: {body['done']} done, {body['cancelled']} cancelled", "green"
            )

    def _picture(self) -> Group:
        table = Table(box=None, padding=(0, 2))
        for name in ("item", "title", "state"):
            table.add_column(name, style="bold" if name == "item" else "")
        for item, title in self._titles.items():
            table.add_row(item, title, Text(self._states.get(item, "–"), style="cyan"))
        return Group(Panel(table, title="Stategate"), *self._lines)


def show_result(console: Console, scenario: Scenario, epic: dict[str, Any], record: Record) -> None:
    """The tree, the history of one task, and the events counted by subject."""
    tree = Tree(f"[bold]{epic['id']}[/] {epic['title']}")
    [story] = epic["stories"]["nodes"]
    branch = tree.add(f"[bold]{story['id']}[/] {story['title']}  [green]{story['state']['name']}[/]")
    for task in story["tasks"]["nodes"]:
        branch.add(
            f"[bold]{task['id']}[/] {task['title']}  [green]{task['state']['name']}[/]  version {task['version']}"
        )
    console.print(tree)
    shown = next(task for task in story["tasks"]["nodes"] if task["id"] == scenario.expected.show)
    history = Table(title=f"History of {shown['id']}", title_justify="left")
    for name in ("seq", "action", "from", "to", "actor", "role", "feedback"):
        history.add_column(name, overflow="fold")
    for change in shown["history"]["nodes"]:
        actor = change["actor"]["id"] + (" (automatic)" if change["automatic"] else "")
        cells = [change["action"], change["from"], change["to"], actor, change["role"], change["feedback"] or ""]
        history.add_row(str(change["seq"]), *(cell or "" for cell in cells))
    console.print(history)
    events = Table(title="Events", title_justify="left")
    events.add_column("subject")
    events.add_column("count", justify="right")
    for subject, count in sorted(record.by_subject().items()):
        events.add_row(subject, str(count))
    console.print(events)
