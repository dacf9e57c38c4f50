"""The folder of jars in the cache: whole ones by their Maven path, begun ones beside them as `.part`."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stategate.servers.jars import Jar, Lock


class JarStore:
    """What of one release is there. A jar takes its name only after its checksum was right, so a name is a promise."""

    def __init__(self, lock: Lock, cache: Path) -> None:
        self.lock = lock
        self.cache = cache
        self.have: dict[str, int] = {}
        self._marker = cache / f"neo4j-{lock.version}.verified"

    def path(self, jar: Jar) -> Path:
        """Where the whole jar is, or will be."""
        return self.cache / "jars" / jar.path

    def part(self, jar: Jar) -> Path:
        """Where its bytes are until they are all there."""
        return self.path(jar).with_suffix(".part")

    def complete(self) -> bool:
        """All jars were verified once and still have their sizes: saves a start the hashing."""
        try:
            verified = self._marker.read_text() == self.lock.digest
            return verified and all(self.path(jar).stat().st_size == jar.size for jar in self.lock.jars)
        except FileNotFoundError:
            return False

    def mark_complete(self) -> None:
        """To be called when every jar was accepted."""
        draft = self._marker.with_suffix(".part")
        draft.write_text(self.lock.digest)
        draft.replace(self._marker)

    def survey(self) -> list[Jar]:
        """Hashes what is there, drops what is broken, counts in `have` what can stay; the jars still to download."""
        wanted = []
        for jar in self.lock.jars:
            path, part = self.path(jar), self.part(jar)
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and _matches(path, jar):
                self.have[jar.path] = jar.size
                continue
            path.unlink(missing_ok=True)
            if part.exists() and part.stat().st_size > jar.size:
                part.unlink()
            self.have[jar.path] = part.stat().st_size if part.exists() else 0
            wanted.append(jar)
        return wanted

    def missing(self) -> int:
        """The bytes still to download, after `survey`."""
        return sum(jar.size - self.have.get(jar.path, 0) for jar in self.lock.jars)

    def write(self, jar: Jar, chunk: bytes, at: int) -> int:
        """Puts a chunk into the part, cutting off what was behind it; where the next one goes."""
        with self.part(jar).open("r+b" if at else "wb") as file:
            file.truncate(at)
            file.seek(at)
            file.write(chunk)
        self.have[jar.path] = at + len(chunk)
        return at + len(chunk)

    def accept(self, jar: Jar) -> bool:
        """Gives the part its name when it is the jar of the lock, else drops it."""
        if not _matches(self.part(jar), jar):
            self.discard(jar)
            return False
        self.part(jar).replace(self.path(jar))
        return True

    def discard(self, jar: Jar) -> None:
        """Forgets what was begun."""
        self.part(jar).unlink(missing_ok=True)
        self.have[jar.path] = 0


def _matches(path: Path, jar: Jar) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
