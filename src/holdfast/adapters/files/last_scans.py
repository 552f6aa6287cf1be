"""The last scan of each cluster and scope, one small file each.

- No locks: a file is replaced as a whole, under a name that no other writer has. Of two scans at
  once, the younger one stays.
- What cannot be read is said, and replaced by the next complete one: a link in its place as well,
  and not what it leads to.
- What cannot be written is said, and fails no scan.
"""

import hashlib
import json
from datetime import datetime
from pathlib import Path

import msgspec

from holdfast.adapters.files import regular, whole
from holdfast.model.last_scan import LastScan
from holdfast.model.times import stamp
from holdfast.ports import Forgotten

SCHEMA = "holdfast.dev/last-scan/v1alpha1"
MOST_BYTES = 64 << 20


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a file."""

    schema: str
    scan: LastScan


class KeptScan:
    """The `Memory` port: the last scan of one cluster and scope, in a folder."""

    def __init__(
        self,
        folder: Path,
        cluster: str,
        namespaces: tuple[str, ...] | None,
        within: Path | None = None,
    ) -> None:
        """`within` is what must be there before the folder is made: somebody's home is not ours."""
        self._folder = folder
        self._within = within
        scope = None if namespaces is None else sorted(namespaces)
        # Hashed, because a uid is what some server says it is, and must not be a path.
        name = hashlib.sha256(json.dumps([cluster, scope]).encode()).hexdigest()[:20]
        self._path = folder / f"last-scan-{name}.json"

    def recall(self) -> LastScan | Forgotten | None:
        """The last scan; None when there was none."""
        try:
            file = msgspec.json.decode(regular.read_own(self._path, MOST_BYTES), type=_File)
        except FileNotFoundError:
            return None
        except OSError as failed:
            return self._forgotten(failed.strerror or "the system says no more")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as odd:
            return self._forgotten(str(odd))
        if file.schema != SCHEMA:
            return self._forgotten(f"its schema is {file.schema!r}")
        return file.scan

    def keep(self, scan: LastScan) -> str:
        """Keep that scan for the next one; returns why it could not be kept, or nothing."""
        there = self.recall()
        if isinstance(there, LastScan) and there.when > scan.when:
            return ""  # another scan has ended meanwhile, and saw more
        plain = msgspec.to_builtins(_File(schema=SCHEMA, scan=scan), builtin_types=(datetime,))
        body = json.dumps(plain, default=stamp, separators=(",", ":")).encode()
        if self._within is not None and not self._within.is_dir():
            return f"This scan could not be kept for the next one: {self._within} does not exist."
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            whole.write(self._path, body + b"\n")
        except OSError as failed:
            why = failed.strerror or "the system says no more"
            return f"This scan could not be kept for the next one in {self._folder}: {why}."
        return ""

    def _forgotten(self, why: str) -> Forgotten:
        return Forgotten(why=f"The last scan, kept in {self._path}, cannot be read: {why}.")
