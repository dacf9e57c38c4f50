"""What a person sees while the servers start."""

from __future__ import annotations

from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

STEP = 10


class Show(Protocol):
    """Told by `open_environment` what it does; nothing secret is among it."""

    def downloading(self, done: int, total: int) -> None:
        """Bytes of Neo4j that are there, of all."""

    def download_ended(self) -> None:
        """It is complete, or was broken off, or was not needed."""

    def starting(self, name: str) -> None:
        """A server is started."""

    def ready(self, name: str, seconds: float) -> None:
        """It answers, so many seconds later."""


class Quiet:
    """Shows nothing."""

    def downloading(self, done: int, total: int) -> None:
        """Nothing."""

    def download_ended(self) -> None:
        """Nothing."""

    def starting(self, name: str) -> None:
        """Nothing."""

    def ready(self, name: str, seconds: float) -> None:
        """Nothing."""


quiet = Quiet()


class RichShow:
    """A bar on a terminal, a line for every tenth of the download elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._tenths = -1

    def downloading(self, done: int, total: int) -> None:
        """Opens the bar with the first call."""
        if self._console.is_terminal:
            self._draw(done, total)
        elif (tenths := done * STEP // total) > self._tenths:
            self._tenths = tenths
            self._console.print(f"downloading Neo4j: {tenths * 100 // STEP} % of {total / 2**20:.0f} MB")

    def download_ended(self) -> None:
        """Gives the terminal back."""
        if self._bar:
            self._bar.stop()
            self._bar = None

    def starting(self, name: str) -> None:
        """One line."""
        self._console.print(f"starting {name}")

    def ready(self, name: str, seconds: float) -> None:
        """One line."""
        self._console.print(f"{name} is ready ({seconds:.1f} s)")

    def _draw(self, done: int, total: int) -> None:
        if not self._bar:
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
            self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
            self._bar.add_task("downloading Neo4j", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done)
