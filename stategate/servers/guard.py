"""Runs one server and ends it when the pipe on stdin closes, which it does even when its owner is killed by -9.

usage: guard.py PIDFILE -- COMMAND...      (`python -I -S`: standard library only, quick to start)
What is written into the pipe is the grace in seconds between SIGTERM and SIGKILL. Both process ids and the program
go into PIDFILE for the case that the guard is killed as well; the file goes away with the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE = b"10"


def main() -> int:
    """The exit code of the server, negative for a signal as in `subprocess`; 127 when it cannot be run."""
    pidfile, command = sys.argv[1], sys.argv[3:]
    try:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error}", file=sys.stderr)  # noqa: T201 - stderr is the server's log
        return 127
    try:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        with open(pidfile, "w") as file:
            file.write(f"{os.getpid()}\n{server.pid}\n{command[0]}\n")
        threading.Thread(target=_end_with_owner, args=(server,), daemon=True).start()
        return server.wait()
    finally:
        if server.poll() is None:
            server.kill()
        os.unlink(pidfile)


def _end_with_owner(server: subprocess.Popen[bytes]) -> None:
    grace = b""
    while chunk := os.read(0, 64):
        grace += chunk
    server.terminate()
    try:
        server.wait(float(grace or GRACE))
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
