"""The pulse of a process: it says that we live, and gives away what the dead have left.

- A process is dead when its beat has not changed in `LOOKS` of our own looks at it. Only looks that
  succeeded count, so nobody is called dead for a time in which we could not look, and no two clocks
  are compared. Who ended in order has no beat any more, and is dead at once.
- Each look sees everything that is to be given away, whenever it came to be so: nothing is
  remembered that must not be forgotten. One process gives away at a time.
- A mistake costs an attempt and nothing else: whoever was taken over writes nothing more.
- What we hold and do not work at (a phase of a newer version) is given back to the others.
- It has a thread of its own: work that keeps the loop busy does not stop the pulse.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

import msgspec

from holdfast.adapters.engine.works import Desk
from holdfast.errors import HoldfastError, StoreFailed
from holdfast.model.letters import Beat
from holdfast.model.runs import Figures, Order
from holdfast.ports import Tx

TICK = 0.5  # seconds between two looks
BEAT = 2  # ticks from one beat to the next
COUNT = 20  # ticks from one count of what there is to do to the next
LOOKS = 8
IDLE = 60  # looks after which what we have and nobody here works at is given back
STALE = 7200  # looks after which the beat of a dead process is removed
TIDY = 1200  # ticks between two removals of old runs
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Vigil:
    """Who is alive, as far as we have seen it ourselves."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Beat, int]] = {}  # and how often it was the same since

    def look(self, beats: Sequence[Beat]) -> None:
        """One more look."""
        seen = self._last
        self._last = {
            beat.executor: (beat, seen[beat.executor][1] + 1 if self._same(beat) else 0)
            for beat in beats
        }

    def living(self) -> set[str]:
        """Who is not dead."""
        return {executor for executor, (_, times) in self._last.items() if times < LOOKS}

    def stale(self) -> set[str]:
        """Who has been dead for long."""
        return {executor for executor, (_, times) in self._last.items() if times >= STALE}

    def _same(self, beat: Beat) -> bool:
        return beat.executor in self._last and self._last[beat.executor][0] == beat


class Deeds(msgspec.Struct):
    """What a pulse has done since it began."""

    requeued: int = 0
    put_back: int = 0


class Pulse:
    """One process'."""

    def __init__(
        self,
        desk: Desk,
        active: Callable[[], Collection[str]],
        enqueue: Callable[[Tx, Order], bool],
        figures: Callable[[Tx], Figures],
    ) -> None:
        self._desk = desk
        self._works = desk.works
        self._active = active
        self._enqueue = enqueue
        self._figures = figures
        self._counted: Figures | None = None
        now = desk.clock.now()
        self._me = Beat(
            executor=self._works.executor,
            role=self._works.role,
            version=self._works.release,
            started=now,
            beat=now,
        )
        self._slots: dict[str, int] = {}
        self._idle: Counter[str] = Counter()  # what we have and do not work at: for how many looks
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.vigil = Vigil()
        self.deeds = Deeds()

    def beat(self) -> None:
        """Say that we live."""
        with self._desk.store.transaction() as tx:  # by the clock that all processes share
            beat = msgspec.structs.replace(self._me, beat=tx.now(), figures=self._counted)
            tx.beats.beat(beat)

    def count(self) -> None:
        """Count what the next beats tell, for whoever cannot see our engine's tables."""
        with self._desk.store.reading() as tx:
            self._counted = self._figures(tx)

    def start(self) -> None:
        """Go on by itself."""
        self._ended.clear()
        self._thread = threading.Thread(target=self._go_on, name="holdfast-pulse", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """We work no more: give back what we have, and take leave."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        rows = self._desk.rows
        try:
            with self._desk.store.transaction() as tx:
                rows.give_back(tx, rows.of_executor(self._me.executor, ()), self._desk.clock.now())
                tx.beats.forget(self._me.executor)
        except StoreFailed as trouble:  # then we are dead like others, and found out like them
            self._works.troubled(str(trouble))

    def tick(self) -> None:
        """Look, and see to what is due."""
        with self._desk.store.reading() as tx:
            self.vigil.look([each for each in tx.beats.all() if self._watches(each)])
            living = self.vigil.living() | {self._me.executor}
            orphans = self._desk.rows.orphans(tx, living)
            ours = self._desk.rows.running_of(tx, self._me.executor)
        if orphans:
            self._reap(living)
        self._return_idle(ours - set(self._active()))
        self._order_what_is_due()

    def _watches(self, beat: Beat) -> bool:
        """In a schema of our own, our own kind; in a file that all share, everybody."""
        return self._desk.rows.shared or beat.role == self._me.role

    def _reap(self, living: Collection[str]) -> None:
        with self._desk.store.transaction() as tx:
            if self._desk.rows.sole_reaper(tx):
                whose = self._desk.rows.of_others_than(living)
                self.deeds.requeued += self._desk.rows.give_back(tx, whose, self._desk.clock.now())

    def _return_idle(self, idle: set[str]) -> None:
        self._idle = Counter({run: self._idle[run] + 1 for run in idle})
        if not any(times >= IDLE for times in self._idle.values()):
            return
        with self._desk.store.transaction() as tx:
            whose = self._desk.rows.of_executor(self._me.executor, self._active())
            self.deeds.put_back += self._desk.rows.give_back(tx, whose, self._desk.clock.now())

    def _order_what_is_due(self) -> None:
        now = self._desk.clock.now()
        for each in self._works.schedules:
            slot = (now - _EPOCH) // each.every
            if self._slots.get(each.name) == slot:
                continue
            with self._desk.store.transaction() as tx:
                self._enqueue(
                    tx,
                    Order(id=f"{each.name}-{slot}", phase=each.phase, argument=each.argument),
                )
            self._slots[each.name] = slot

    def tidy(self) -> None:
        """Remove what nobody needs any more: old runs, and the beats of those long dead."""
        with self._desk.store.transaction() as tx:
            for executor in self.vigil.stale():
                tx.beats.forget(executor)
        before, some = self._desk.clock.now() - self._works.keep, 1
        while some and not self._ended.is_set():
            with self._desk.store.transaction() as tx:
                some = self._desk.rows.forget(tx, before)

    def _go_on(self) -> None:
        ticks = 0
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                if ticks % COUNT == 0:
                    self.count()
                if ticks % BEAT == 0:
                    self.beat()
                self.tick()
                if ticks % TIDY == TIDY - 1:
                    self.tidy()
            except HoldfastError as trouble:
                self._works.troubled(str(trouble))
            except (TypeError, ValueError, OverflowError) as odd:  # somebody wrote into our tables
                self._works.troubled(f"A row of the database cannot be read: {odd}.")
            ticks += 1
            self._ended.wait(max(TICK - (time.monotonic() - began), TICK / 10))
