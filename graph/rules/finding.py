"""What is wrong, or doubtful, in a set of rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A code of the contract (or INVALID_FILE), a sentence, and the states and transitions it is about."""

    severity: Severity
    code: str
    message: str
    states: list[str] = field(default_factory=list)
    transitions: list[str] = field(default_factory=list)


def has_error(findings: list[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)
