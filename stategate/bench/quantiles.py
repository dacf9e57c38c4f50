"""Times as people read them."""

from __future__ import annotations

from collections.abc import Sequence


def quantile(samples: Sequence[float], part: float) -> float:
    """The sample below which that part of them lies; of few samples, p99 is the largest."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def milliseconds(samples: Sequence[float]) -> dict[str, float]:
    """`{p50_ms, p95_ms, p99_ms, samples}` of seconds."""
    cuts = {f"p{round(part * 100)}_ms": round(quantile(samples, part) * 1000, 2) for part in (0.5, 0.95, 0.99)}
    return cuts | {"samples": len(samples)}
