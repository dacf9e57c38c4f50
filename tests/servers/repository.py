"""A Maven repository on the loopback interface, with jars of a few bytes, that can be told to misbehave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stategate.servers.jars import Jar, Lock

FILES = {f"org/example/{name}/1/{name}-1.jar": name.encode() * 5000 for name in ("one", "two", "three")}
JARS = tuple(Jar(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in FILES.items())
LOCK = Lock("1.2.3", JARS, "digest")
FIRST = JARS[0]


@dataclass
class Repository:
    """`asked` has path and Range of every request; a path in `sends` is answered with these bytes."""

    url: str
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    sends: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    failures: list[int] = field(default_factory=list)


@contextmanager
def repository() -> Iterator[Repository]:
    """Serves until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, wanted = self.path.lstrip("/"), self.headers.get("Range")
            served.asked.append((path, wanted))
            if served.failures or path not in served.sends:
                self._answer(served.failures.pop() if served.failures else 404, b"")
            elif wanted:
                begin = int(wanted.removeprefix("bytes=").rstrip("-"))
                self._answer(206, served.sends[path][begin:])
            else:
                self._answer(200, served.sends[path])

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Repository(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
