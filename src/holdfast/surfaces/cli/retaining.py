"""`holdfast audit retain`: older entries go into files, and their last checkpoint stays."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from holdfast.audit import chain
from holdfast.errors import BadInput, BadRecord
from holdfast.model.times import stamp
from holdfast.ports import Records
from holdfast.surfaces.cli.anchors import read_anchors
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.orders import require_anchored
from holdfast.workflow.retention import Part, Trust, let_go, part_before, revoked_before, verified


def retain(ground: Ground, days: int, folder: Path, now: datetime) -> int:
    """Export every whole day that is older than so many days, and let it go."""
    if days < 1:
        raise BadInput("The last day cannot be let go.", remedy="Keep one day or more with --days.")
    anchors = read_anchors(ground)
    trust = Trust(keys=ground.keys(()), check=ground.check)
    with ground.store() as store:
        with store.reading() as tx:
            require_anchored(tx.records, anchors)
            part = part_before(tx.records, trust, stamp(now - timedelta(days=days)))
            if part is None:
                Plain().print("No whole day of the record is older than that: nothing was let go.")
                return NOTHING
            trust = trust.without(revoked_before(tx.records, part.first - 1))
            path = _exported(ground, tx.records, part, trust, folder)
        entry = asyncio.run(let_go(ground.sealer(store, None), part, ground.actor))
    Plain().print(
        clean(
            f"Entries {part.first} to {part.end.size} are in {path}, and not in the database any "
            f"more; entry {entry.seq} says so. Keep {path.with_suffix('.note').name} with it."
        )
    )
    return NOTHING


def _exported(ground: Ground, records: Records, part: Part, trust: Trust, folder: Path) -> Path:
    """The file of a part, verified; one that an attempt before has left is verified again."""
    path = folder / part.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        try:
            for _ in verified(part, trust, _lines(ground, path)):
                continue
        except BadRecord as other:
            raise BadInput(
                f"{path} is there already, and holds something else.",
                remedy="Move it away, and look at where it came from.",
            ) from other
    else:
        there = islice(records.lines(part.first), part.count)
        ground.write_lines(path, verified(part, trust, there))
    ground.keep_note(part.note, "", path.with_suffix(".note"))
    return path


def _lines(ground: Ground, path: Path) -> Iterator[bytes]:
    """Without their ends; one that has none is no line of ours, and remains none."""
    for line in ground.read_lines(path, chain.LONGEST):
        yield line[:-1] if line.endswith(b"\n") else line + b"\n"
