"""What a check of the live graph found: one invariant, who offends it, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Offender:
    """A thing by its name, what is wrong with it, and whether a repair may be tried."""

    name: str
    problem: str
    repairable: bool = False


@dataclass(slots=True)
class Check:
    """An invariant in words; it holds when nobody offends it. At most `limit` offenders are named, all are counted."""

    name: str
    holds: str
    mend: str
    limit: int = 20
    total: int = 0
    offenders: list[Offender] = field(default_factory=list)
    repairable: list[str] = field(default_factory=list)

    def blame(self, name: str, problem: str, *, repairable: bool = False) -> None:
        self.total += 1
        if repairable:
            self.repairable.append(name)
        if len(self.offenders) < self.limit:
            self.offenders.append(Offender(name, problem, repairable))
