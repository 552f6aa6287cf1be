"""Change a baseline that people keep in Git, and nothing in it but what was asked for.

- The text is edited, not written anew: comments, order and form of everything else stay.
- Entries are put where they belong in order of code, object and id.
- What is to be written is read back first. If it would not hold exactly what was there and what
  was asked for, nothing is written.
- It is written whole or not at all; of two writers at once, the second waits for the first.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from holdfast.adapters.files import whole
from holdfast.adapters.files.strict import content
from holdfast.errors import BadInput
from holdfast.model import written
from holdfast.model.baseline import API_VERSION, KIND, Accepted, Baseline
from holdfast.model.written import Fault

HEAD = f"""\
# What Holdfast is not to tell of: `holdfast scan --baseline FILE` heeds this file.
# `holdfast baseline accept` adds to it, `check` says what has expired or is gone, `prune` removes
# that. Edit it as you like; beside `accepted`, it may hold `ignore` and `off`.
apiVersion: {API_VERSION}
kind: {KIND}
"""
SHARED = 0o644  # it belongs into Git

type Faults = Callable[[Baseline], Iterable[Fault]]


def change(
    path: Path, accepted: Sequence[Accepted], gone: frozenset[str], faults: Faults
) -> Sequence[Accepted]:
    """Put those entries in, and take others out; returns older ones whose place new ones took."""
    with _alone(path):
        text = content(path) if path.exists() else HEAD
        before = _read(path, text, faults)
        wanted = {each.id: each for each in before.accepted if each.id not in gone}
        wanted |= {each.id: each for each in accepted}
        after = text
        for id_ in gone | {each.id for each in accepted}:
            after = _without(path, after, id_)
        for each in accepted:
            after = _with(path, after, each)
        _refuse_loss(path, before, wanted, after, faults)
        try:
            # A link to a file in Git stays one.
            whole.write(Path(os.path.realpath(path)), after.encode(), mode=SHARED)
        except OSError as failed:
            raise BadInput(
                f"{path} cannot be written: {failed.strerror}.",
                remedy="Name a file in a place where you may write.",
            ) from None
    new = {each.id for each in accepted}
    return [each for each in before.accepted if each.id in new]


def _read(path: Path, text: str, faults: Faults) -> Baseline:
    return written.parse(
        text, str(path), Baseline, api_version=API_VERSION, kind=KIND, faults=faults
    )


def _refuse_loss(
    path: Path, before: Baseline, wanted: dict[str, Accepted], after: str, faults: Faults
) -> None:
    try:
        now = _read(path, after, faults)
    except BadInput:
        now = None
    rest = (before.ignore, before.off)
    if now is None or {a.id: a for a in now.accepted} != wanted or (now.ignore, now.off) != rest:
        raise BadInput(
            f"{path} cannot be changed without touching more than was asked for.",
            remedy="Write `accepted` as a list of one line for each `key: value`, then try again.",
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else of us changes a file of that folder meanwhile."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as failed:
        raise BadInput(
            f"{path.parent} cannot be opened: {failed.strerror}.", remedy="Make it first."
        ) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _with(path: Path, text: str, entry: Accepted) -> str:
    key, there = _accepted(path, text)
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    if key is None or there is None:
        return "".join([*lines, f"accepted:{end}", _rendered(entry, 0, end)])
    if not there.value:  # `accepted: []`
        order = text.startswith("\ufeff")  # the mark of the byte order, which no index counts
        empty = text[: key.end_mark.index + order] + ":" + text[there.end_mark.index + order :]
        lines = empty.splitlines(keepends=True)
        lines.insert(there.end_mark.line + 1, _rendered(entry, 0, end))
        return "".join(lines)
    where = key.end_mark.line + 1
    for item in there.value:
        if _place(item) > entry.place:
            break
        where = _last_line(item) + 1
    lines.insert(where, _rendered(entry, there.start_mark.column, end))
    return "".join(lines)


def _without(path: Path, text: str, id_: str) -> str:
    key, there = _accepted(path, text)
    item = next((i for i in there.value if _place(i)[2] == id_), None) if there else None
    if key is None or there is None or item is None:
        return text
    lines = text.splitlines(keepends=True)
    del lines[item.start_mark.line : _last_line(item) + 1]
    if len(there.value) == 1:
        line = lines[key.end_mark.line]
        at = key.end_mark.column + 1
        lines[key.end_mark.line] = f"{line[:at]} []{line[at:]}"
    return "".join(lines)


def _accepted(path: Path, text: str) -> tuple[Node | None, SequenceNode | None]:
    """The key `accepted` and the list beneath it."""
    root = written.composed(text, str(path))
    if isinstance(root, MappingNode):
        for key, value in root.value:
            if key.value == "accepted" and isinstance(value, SequenceNode):
                return key, value
    return None, None


def _place(item: Node) -> tuple[str, str, str]:
    said = {key.value: value.value for key, value in item.value}
    return (said.get("code", ""), said.get("about", ""), said.get("id", ""))


def _last_line(node: Node) -> int:
    """The last line that holds something of it; the mark of a block's end lies further on."""
    if isinstance(node, ScalarNode):
        end = node.end_mark
        return end.line if end.column > 0 else end.line - 1
    inner = node.value if isinstance(node, SequenceNode) else [v for _, v in node.value]
    return max((_last_line(each) for each in inner), default=node.start_mark.line)


def _rendered(entry: Accepted, column: int, end: str) -> str:
    """An entry as lines; a value stands in one line, whatever is in it."""
    said = {
        name: value
        for name, value in msgspec.structs.asdict(entry).items()
        if isinstance(value, str) and value
    }
    text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=float("inf"))
    text += f"until: {entry.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
    margin = " " * column
    first, *rest = text.splitlines()
    return "".join([f"{margin}- {first}{end}", *(f"{margin}  {line}{end}" for line in rest)])
