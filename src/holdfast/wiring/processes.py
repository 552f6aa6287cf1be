"""The two processes, put together: what each works with, and nothing of the other's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast import __version__, settings
from holdfast.errors import StoreRefused, StoreUnreachable, WorkFailed
from holdfast.model.access import Process
from holdfast.model.forms import look_at_forms
from holdfast.model.letters import Beat
from holdfast.surfaces.cli.text import clean
from holdfast.wiring.acting import Work
from holdfast.wiring.footing import beneath, ground

if TYPE_CHECKING:
    from holdfast.adapters.logs import Lines
    from holdfast.ports import Sink, Store
    from holdfast.ports.engine import Engine
    from holdfast.surfaces.cli.ground import Ground


def run_keeper(state: Path | None, until_input_ends: bool) -> int:
    """Be the keeper, to its end."""
    return _unless_away(lambda: _keeper(state, until_input_ends))


def run_serve(state: Path | None, with_keeper: bool) -> int:
    """Serve, to the end."""
    return _unless_away(lambda: _serve(state, with_keeper))


def _unless_away(run: Callable[[], None]) -> int:
    """A database that does not answer is no refusal: whoever started us may try again."""
    from holdfast.surfaces.cli.exits import NOTHING, TRY_AGAIN

    try:
        run()
    except (StoreUnreachable, StoreRefused) as away:
        print(f"holdfast: {clean(str(away))}", file=sys.stderr)
        return TRY_AGAIN
    return NOTHING


def _keeper(state: Path | None, until_input_ends: bool) -> None:
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.dice import SystemDice
    from holdfast.model.keys import Purpose
    from holdfast.surfaces.cli.anchors import anchorage
    from holdfast.surfaces.processes.keeper import run
    from holdfast.wiring.acting import Footing, keepers_cluster, leashed, on_the_leash
    from holdfast.workflow.anchoring import Witness
    from holdfast.workflow.inbox import Inbox
    from holdfast.workflow.keeping import Keeper
    from holdfast.workflow.leashed import Holder

    wanted, ours = settings.read(), ground(state, Process.KEEPER)
    me, log = _introduced(Process.KEEPER)
    _require_its_database(ours, Process.KEEPER)
    connection, holder = keepers_cluster(wanted), Holder()
    work = leashed(holder) if connection is not None else Work()
    with ours.store() as store, _engine(state, store, me, log, work) as engine:
        kept = anchorage(ours, lambda note, name: ours.keep_note(note, name, None), ours.shelf())
        witness = Witness(store, kept, log)
        folder = Path(wanted.policy or (state or settings.state_dir()) / "policy")
        reach = None
        if connection is not None:
            footing = Footing(
                connection=connection,
                ours=ours,
                store=store,
                engine=engine,
                log=log,
                policy=folder,
                witness=witness,
            )
            reach = partial(on_the_leash, footing, holder)
        keeper = Keeper(
            me=me,
            engine=engine,
            inbox=Inbox(
                store=store, clock=SystemClock(), dice=SystemDice(), hearings=work.hearings
            ),
            sealer=ours.sealer(store, ours.keyring(Purpose.AUDIT)),
            sinks=_sinks(wanted.copies),
            witness=witness,
            anchor_every=wanted.anchor_every,
            log=log,
            reach=reach,
        )
        look_at_forms()
        run(keeper, until_input_ends=until_input_ends)


def _serve(state: Path | None, with_keeper: bool) -> None:
    from holdfast.adapters.clock import SystemClock
    from holdfast.surfaces.cli.anchors import read_anchors
    from holdfast.surfaces.processes.serve import Serving, run

    wanted, ours = settings.read(), ground(state, Process.SERVE)
    me, log = _introduced(Process.SERVE)
    _require_its_database(ours, Process.SERVE)
    host, port = settings.listens(wanted)
    with ours.store() as store, _engine(state, store, me, log, Work()) as engine:
        look_at_forms()
        run(
            Serving(
                me=me,
                store=store,
                engine=engine,
                clock=SystemClock(),
                log=log,
                host=host,
                port=port,
                anchors=lambda: read_anchors(ours),
                keeper=_keeper_command(state) if with_keeper else (),
            )
        )


ENGINE = "If the database is away, it goes on when that answers; else look with: holdfast doctor"
"""What to do about what the engine complains about, which does not say of what sort it is."""


@contextmanager
def _engine(state: Path | None, store: Store, me: Beat, log: Lines, work: Work) -> Iterator[Engine]:
    """The engine of this process, with what it works at."""
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.engine.transact import TransactEngine
    from holdfast.adapters.engine.works import Works

    def troubled(said: str) -> None:
        log.trouble("engine", WorkFailed(said, remedy=ENGINE))

    works = Works(
        role=me.role,
        executor=me.executor,
        release=me.version,
        phases=work.phases,
        queues=work.queues,
        schedules=work.schedules,
        types=work.types,
        troubled=troubled,
    )
    with beneath(state, Process(me.role)) as connections:
        yield TransactEngine(works, store, connections, SystemClock())


def _keeper_command(state: Path | None) -> Sequence[str]:
    where = ["--state", str(state)] if state is not None else []
    return [sys.executable, "-m", "holdfast", "keeper", "--until-input-ends", *where]


def _introduced(process: Process) -> tuple[Beat, Lines]:
    """Who this process is, by a name of this boot alone, and its log."""
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.dice import SystemDice
    from holdfast.adapters.engine.works import executor_of
    from holdfast.adapters.logs import Lines

    clock = SystemClock()
    id_ = executor_of(f"{process}-{settings.machine()}", SystemDice())
    now = clock.now()
    me = Beat(executor=id_, role=process, version=__version__, started=now, beat=now)
    form = settings.read().log_format
    return me, Lines(sys.stderr, form, clock.now, process=process, id_=id_)


def _sinks(copies: str) -> Sequence[Sink]:
    from holdfast.adapters.sinks.jsonl import JsonlSink
    from holdfast.adapters.sinks.stream import StreamSink

    named = [each.strip() for each in copies.split(",") if each.strip()]
    return [
        StreamSink("standard output", sys.stdout.buffer) if each == "-" else JsonlSink(Path(each))
        for each in dict.fromkeys(named)
    ]


def _require_its_database(ours: Ground, process: Process) -> None:
    """As this version wants it, open for writing, and where the database knows roles, to a role
    with the rights of this process and no others.
    """
    from holdfast.surfaces.cli.ground import refuse_role

    with ours.upkeep() as upkeep:
        upkeep.require_current(upkeep.standing().cluster)
        upkeep.require_none_planted()
        refuse_role(upkeep.rights(process), process)
        upkeep.require_writable()
