"""Write a cluster down as a folder: whole objects, for rules that do not exist yet, less values.

- Secrets arrive as metadata only, without annotations (the reader sees to that).
- The values of environment variables, and annotations that hold whatever was last applied, are
  removed before anything is written.
- The folder appears under its name when it is complete, or not at all.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from holdfast.adapters.kubernetes.folder import API_VERSION, MANIFEST, KindEntry, Manifest
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import BadInput, NoSuchNamespace, Unanswered
from holdfast.model.kinds import KINDS, Namespace
from holdfast.model.objects import Object
from holdfast.model.snapshot import Recorded, State
from holdfast.ports import Unseen

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LEFT_OUT = "(left out by holdfast snapshot)"


async def write(
    reader: Reader, folder: Path, *, namespaces: tuple[str, ...] | None
) -> AsyncIterator[Recorded]:
    """Record every kind that we can read; yields what became of each, as it is done."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(
            f"{folder} is there already, and not an empty folder.",
            remedy="Name a folder that does not exist yet.",
        )
    identity = await reader.identity()
    for name in namespaces or ():
        found = await reader.get(Namespace, "", name)
        if isinstance(found, Unseen) and found.state is State.ABSENT:
            raise NoSuchNamespace(
                f"There is no namespace {name!r} in this cluster.",
                remedy="List them with: kubectl get namespaces",
            )
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        entries: dict[str, KindEntry] = {}
        for kind in KINDS:
            entry = await _record(reader, kind, draft, namespaces)
            entries[kind.api.plural] = entry
            yield Recorded(
                plural=kind.api.plural, state=entry.state, count=entry.count or 0, why=entry.why
            )
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
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # nothing is there any more once it was renamed


async def _record(
    reader: Reader, kind: type[Object], draft: Path, namespaces: tuple[str, ...] | None
) -> KindEntry:
    api = kind.api
    file = f"{api.plural}.json"
    scopes: Iterable[str | None] = namespaces if namespaces and api.namespaced else (None,)
    state, whys, count = State.CAPTURED, [], 0
    with (draft / file).open("wb") as out:
        out.write(b'{"apiVersion":"v1","kind":"List","metadata":{},"items":[\n')
        for scope in scopes:
            try:
                async for step in reader.raw_pages(kind, scope):
                    if isinstance(step, bytes):
                        count = _append(out, step, kind, count)
                    elif step.state is not State.CAPTURED:
                        state = step.state
                        whys.append(step.why)
            except Unanswered as broken:  # one kind that fails must not lose the others
                state = State.PARTIAL
                whys.append(broken.wrong)
        out.write(b"\n]}\n")
    kept = count > 0 or state in (State.CAPTURED, State.PARTIAL)
    if not kept:
        (draft / file).unlink()
    return KindEntry(
        state=state,
        api_version=api.api_version,
        kind=api.kind,
        namespaces=namespaces if api.namespaced else None,
        file=file if kept else None,
        count=count if kept else None,
        why="; ".join(dict.fromkeys(whys)),
    )


def _append(out: BinaryIO, page: bytes, kind: type[Object], count: int) -> int:
    whole = msgspec.json.decode(page)
    for item in whole.get("items") or ():
        named = {"apiVersion": whole.get("apiVersion", kind.api.api_version), "kind": kind.api.kind}
        if kind.api.metadata_only:
            named["apiVersion"] = kind.api.api_version
        out.write(b",\n" if count else b"")
        out.write(msgspec.json.encode({**_without_values(item), **named}))
        count += 1
    return count


def _without_values(value: Any) -> Any:
    """The same, less what people put values into."""
    if isinstance(value, list):
        return [_without_values(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, each in value.items():
        if key in (LAST_APPLIED, f"f:{LAST_APPLIED}"):
            continue
        if key == "env" and isinstance(each, list):
            kept[key] = [_without_value(variable) for variable in each]
        else:
            kept[key] = _without_values(each)
    return kept


def _without_value(variable: Any) -> Any:
    if isinstance(variable, dict) and "value" in variable:
        return {**variable, "value": LEFT_OUT}
    return variable
