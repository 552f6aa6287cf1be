"""Write a cluster down as a folder: whole objects, for rules that do not exist yet, less values.

- Secrets and ConfigMaps arrive as metadata only, without annotations (the reader sees to that).
- What people put values into is removed before anything is written (`leaving_out`).
- The folder appears under its name when it is complete, or not at all.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.files import shown
from holdfast.adapters.kubernetes.folder import API_VERSION, MANIFEST, SEEN, KindEntry, Manifest
from holdfast.adapters.kubernetes.leaving_out import without_values
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import BadInput, CouldNotLook, Unanswered
from holdfast.model.kinds import KINDS, Pod
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, Recorded, State


async def write(
    reader: Reader, folder: Path, *, namespaces: tuple[str, ...] | None
) -> AsyncIterator[Recorded]:
    """Record every kind that we can read; yields what became of each, as it is done."""
    with _draft_of(folder) as draft:
        identity = await reader.identity()
        entries: dict[str, KindEntry] = {}
        for kind in KINDS:
            entry = await _record(reader, kind, draft, namespaces)
            entries[kind.api.plural] = entry
            yield Recorded(
                plural=kind.api.plural, state=entry.state, count=entry.count or 0, why=entry.why
            )
        _refuse_blindness(entries)
        manifest = Manifest(
            api_version=API_VERSION,
            kind="Snapshot",
            now=await reader.now(),
            server=identity.version,
            cluster=identity,
            kinds=entries,
        )
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        (draft / MANIFEST).write_bytes(text + b"\n")
        draft.rename(folder)


@contextmanager
def _draft_of(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one, to be renamed; made before anything is asked for."""
    made: list[Path] = []
    draft: Path | None = None
    try:
        _refuse_what_is_there(folder)
        for above in reversed(folder.parents):
            if not above.exists():
                above.mkdir()
                made.append(above)
        # Not named after the folder: a name of full length has no room for more.
        draft = Path(tempfile.mkdtemp(prefix=".holdfast-", dir=folder.parent))
        yield draft
    except OSError as broken:
        raise CouldNotLook(
            f"The snapshot cannot be written to {shown(folder)}: "
            f"{broken.strerror or 'the system says no more'}.",
            remedy="Name a folder in a place where you may write and where there is room.",
        ) from None
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)  # it is not there once it was renamed
        with suppress(OSError):  # they stay where the snapshot is in them
            for above in reversed(made):
                above.rmdir()


def _refuse_what_is_there(folder: Path) -> None:
    why = ""
    if "\0" in str(folder):
        why = "is no name of a folder"
    elif folder.is_symlink():
        why = "is a link"
    elif os.path.lexists(folder):
        if not folder.is_dir() or any(folder.iterdir()):
            why = "is there already, and not an empty folder"
        elif not folder.name or folder.samefile(Path.cwd()):
            why = "is the folder that you are in, which cannot be replaced"
        elif folder.is_mount():
            why = "is a mount, which cannot be replaced"
    if why:
        raise BadInput(
            f"{shown(folder)} {why}.",
            remedy="Name a folder that does not exist yet; it may lie below this one."
            if folder.is_dir()
            else "Name a folder that does not exist yet.",
        )


def _refuse_blindness(entries: dict[str, KindEntry]) -> None:
    """A snapshot of nothing would look healthy for ever."""
    if any(entry.state in SEEN or entry.count for entry in entries.values()):
        return
    of_pods = entries[Pod.api.plural].why
    why = of_pods or next(
        (entry.why for entry in entries.values() if entry.why), "nothing is served"
    )
    raise CouldNotLook(
        f"Nothing may be read here, neither pods nor {len(entries) - 1} other kinds: {why}.",
        remedy="Ask for the role that `holdfast rbac reader` prints, "
        "or take one namespace with -n NAME.",
    )


async def _record(
    reader: Reader, kind: type[Object], draft: Path, namespaces: tuple[str, ...] | None
) -> KindEntry:
    api = kind.api
    file = f"{api.plural}.json"
    asked = namespaces if namespaces and api.namespaced else None
    ends: list[Capture[Object]] = []
    count = 0
    with (draft / file).open("wb") as out:
        out.write(b'{"apiVersion":"v1","kind":"List","metadata":{},"items":[\n')
        for scope in asked or (None,):
            try:
                async for step in reader.raw_pages(kind, scope):
                    if isinstance(step, bytes):
                        count = _append(out, step, kind, count)
                    else:
                        ends.append(step)
            except Unanswered as broken:  # one kind that fails must not lose the others
                ends.append(Capture(kind=kind, state=State.PARTIAL, why=broken.wrong))
        out.write(b"\n]}\n")
    bad = [end for end in ends if end.state is not State.CAPTURED]
    state = bad[0].state if bad else State.CAPTURED
    kept = count > 0 or state in SEEN
    if not kept:
        (draft / file).unlink()
    seen = tuple(
        name for name, end in zip(asked or (), ends, strict=False) if end.state is State.CAPTURED
    )
    return KindEntry(
        state=state,
        api_version=api.api_version,
        kind=api.kind,
        namespaces=(seen or asked) if asked else None,
        unseen=tuple(name for name in asked or () if name not in seen),
        file=file if kept else None,
        count=count if kept else None,
        why="; ".join(dict.fromkeys(end.why for end in bad)),
    )


def _append(out: BinaryIO, page: bytes, kind: type[Object], count: int) -> int:
    try:
        whole = msgspec.json.decode(page)
        named = {"apiVersion": whole.get("apiVersion", kind.api.api_version), "kind": kind.api.kind}
        if kind.api.metadata_only:
            named["apiVersion"] = kind.api.api_version
        items = [
            # What is no object stays as `null`, so that a scan says that it could not read it.
            msgspec.json.encode(
                {**without_values(item), **named} if isinstance(item, dict) else None
            )
            for item in whole.get("items") or ()
        ]
    except decode.UNREADABLE as broken:
        raise Unanswered(
            f"A page of {kind.api.plural} cannot be read: {broken}.",
            remedy="Look at what stands before the API server.",
        ) from None
    for item in items:
        out.write(b",\n" if count else b"")
        out.write(item)
        count += 1
    return count
