"""What of the event path is counted as it happens, in Prometheus' terms; one set for a process."""

from __future__ import annotations

from prometheus_client import Counter

RETRIED = Counter("stategate_message_retries", "Messages tried again, as their handler failed.", ["consumer"])
