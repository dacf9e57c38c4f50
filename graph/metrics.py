"""What is counted as it happens, in Prometheus' terms; one set for all engines of a process."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

COMMANDS = Counter("stategate_commands", "Commands answered, dry runs included.", ["outcome"])
BATCH = Histogram(
    "stategate_decision_commands",
    "Commands decided together.",
    buckets=(1, 2, 5, 10, 25, 50, 100, 150, 200, 250, 500),
)
SECONDS = Histogram(
    "stategate_decision_seconds",
    "Time of deciding commands together, with all tries.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
RETRIES = Counter(
    "stategate_transaction_retries", "Transactions begun again after a deadlock or another passing failure."
)
LEASE = Gauge("stategate_lease_held", "Whether this process does a job; over all processes the sum is 1.", ["job"])
DETAILS = Counter("stategate_details", "Details read for those who asked, by where they were found.", ["source"])
GIVEN_UP = Counter("stategate_effects_given_up", "Effects of plug-ins given up after the last try.")
