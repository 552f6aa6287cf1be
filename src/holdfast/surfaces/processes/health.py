"""What `serve` says of itself: that it lives, whether it can work, and figures for Prometheus.

Nothing here names an address, a person or an object: whoever reaches the door may read it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec

from holdfast.errors import HoldfastError, StoreFailed
from holdfast.model.access import Process
from holdfast.model.runs import Backlog, Figures
from holdfast.model.switches import FREEZE
from holdfast.ports import Store
from holdfast.ports.engine import Engine
from holdfast.surfaces.processes.listener import Pages, Reply
from holdfast.workflow.alive import alive, beats_on

WITHIN = 5.0  # seconds that the store has to answer
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure, and what it means."""

    name: str
    help: str
    value: int
    labels: tuple[tuple[str, str], ...] = ()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the store says at one moment."""

    takes: bool  # what this process writes: its own beat is there
    keeper_alive: bool
    frozen: bool
    sealed: int
    to_seal: int
    to_answer: int
    engines: tuple[tuple[Process, Figures], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The pages of one process."""

    store: Store
    engine: Engine
    executor: str  # whose beat is ours
    version: str

    @property
    def pages(self) -> Pages:
        """By their paths."""
        return {"/healthz": self.lives, "/readyz": self.ready, "/metrics": self.metrics}

    async def lives(self) -> Reply:
        """Who answers, lives."""
        return Reply(code=200, body="ok\n")

    async def ready(self) -> Reply:
        """Ready is who can work: the store answers, and takes what it is given. Whether a keeper
        lives is told beside.
        """
        try:
            state = await self._state()
        except (StoreFailed, TimeoutError):
            return Reply(code=503, body="the database does not answer\n")
        if not state.takes:
            return Reply(code=503, body="the database answers, and takes nothing\n")
        keeper = "alive" if state.keeper_alive else "not alive"
        return Reply(code=200, body=f"ready\nkeeper: {keeper}\n")

    async def metrics(self) -> Reply:
        """The figures; without those of the store while it does not answer."""
        try:
            state = await self._state()
        except (HoldfastError, TimeoutError):
            state = None
        return Reply(code=200, body=written(self._figures(state)), media_type=_METRICS)

    async def _state(self) -> State:
        async with asyncio.timeout(WITHIN):
            return await asyncio.to_thread(self._look)

    def _look(self) -> State:
        with self.store.reading() as tx:
            tip = tx.records.tip()
            beats, now = tx.beats.all(), tx.now()
            keeper = alive(beats, Process.KEEPER, now)
            engines = [(Process.SERVE, self.engine.figures(tx))]
            if keeper is not None and keeper.figures is not None:
                engines.append((Process.KEEPER, keeper.figures))
            return State(
                takes=beats_on(beats, self.executor, now),
                keeper_alive=keeper is not None,
                frozen=tx.switches.value(FREEZE) is not None,
                sealed=tip.size if tip is not None else 0,
                to_seal=tx.records.backlog(),
                to_answer=tx.letters.backlog(),
                engines=tuple(engines),
            )

    def _figures(self, state: State | None) -> Sequence[Figure]:
        figures = [
            Figure(
                name="holdfast_info",
                help="What runs here.",
                value=1,
                labels=(("process", Process.SERVE.value), ("version", self.version)),
            ),
            Figure(
                name="holdfast_store_up",
                help="Whether the database answers.",
                value=int(state is not None),
            ),
        ]
        return [*figures, *_of(state)] if state is not None else figures


def _of(state: State) -> Sequence[Figure]:
    told = (
        ("store_takes", "Whether it takes what this process writes.", int(state.takes)),
        ("keeper_alive", "Whether a keeper has beaten lately.", int(state.keeper_alive)),
        ("frozen", "Whether a freeze is on, so that nothing new is done.", int(state.frozen)),
        ("record_entries", "Entries of the audit record.", state.sealed),
        ("record_waiting", "Drafts that wait to be sealed.", state.to_seal),
        ("inbox_waiting", "Letters that nobody has answered.", state.to_answer),
    )
    plain = [Figure(name=f"holdfast_{name}", help=help_, value=n) for name, help_, n in told]
    return [*plain, *(figure for whose, each in state.engines for figure in _engine(whose, each))]


def _engine(process: Process, figures: Figures) -> Sequence[Figure]:
    """What a process has counted of its engine; the keeper tells it with its beat."""
    told = (
        ("running", "Runs that somebody works at.", figures.running),
        ("orphaned", "Runs of which nobody alive has hold.", figures.orphaned),
        ("most_attempts", "Attempts at what has not ended.", figures.most_attempts),
        ("given_up", "Runs that were given up.", figures.given_up),
        ("requeued", "Runs of the dead that it gave to others.", figures.requeued),
        ("put_back", "Runs that it gave back itself.", figures.put_back),
        ("refused", "Attempts of its own that were taken over.", figures.refused),
    )
    labels = (("process", process.value),)
    plain = [
        Figure(name=f"holdfast_engine_{name}", help=help_, value=n, labels=labels)
        for name, help_, n in told
    ]
    return [*plain, *(figure for each in figures.backlog for figure in _queue(process, each))]


def _queue(process: Process, backlog: Backlog) -> Sequence[Figure]:
    labels = (
        ("process", process.value),
        ("queue", backlog.queue),
        ("version", backlog.version),
    )
    age = int(backlog.oldest.total_seconds())
    told = (("runs", "Runs that wait.", backlog.runs), ("age_seconds", "Of the oldest.", age))
    return [
        Figure(name=f"holdfast_queue_{name}", help=help_, value=n, labels=labels)
        for name, help_, n in told
    ]


def written(figures: Sequence[Figure]) -> str:
    """The text format of Prometheus; every figure here is a gauge."""
    lines: list[str] = []
    for name, group in groupby(sorted(figures, key=_name), key=_name):
        each = [*group]
        lines += [f"# HELP {name} {each[0].help}", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels(figure)} {figure.value}" for figure in each]
    return "\n".join(lines) + "\n"


def _name(figure: Figure) -> str:
    return figure.name


def _labels(figure: Figure) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in figure.labels)
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
