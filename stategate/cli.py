"""The command `stategate`."""

from __future__ import annotations

import logging
import sys

import structlog
from cyclopts import App

from stategate.commands import backlog, bench, dead, doctor, items, rules, rules_diff, rules_show, rules_test, run

REGISTERED = (rules_diff, rules_show, rules_test)  # they add their commands to `rules` when they are loaded

app = App(name="stategate", help="The rules of work as a graph: people and agents ask, one Cypher transaction decides.")
app.command(run.demo)
app.command(run.up)
app.command(run.serve)
app.command(rules.app)
app.command(backlog.app)
app.command(dead.app)
app.command(items.act)
app.command(items.explain)
app.command(doctor.doctor)
app.command(bench.bench)


def main() -> None:
    """Runs the command line; exit codes: 0 done, 1 refused or failed, 2 something must be set up or mended."""
    # Tracebacks without local variables: among those there may be passwords.
    plain = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            plain,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    # The driver reports each lost connection itself; what it means for us is told where it is met.
    logging.getLogger("neo4j").setLevel(logging.CRITICAL)
    sys.exit(app(result_action="return_value"))
