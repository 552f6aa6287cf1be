"""The server of pages sends them to the reader, and is gone afterwards."""

import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench import decode, growth, reading, scan
from bench.children import CouldNotMeasure, ask
from bench.made import SEED, SMALLEST, Made, make, serving
from bench.pages import PER_PAGE, where, written
from bench.pods import NOW
from bench.table import table
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.decode import page
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.facts import kinds_read
from holdfast.model.kinds import Claim, ConfigMap, Kafka, Pod
from holdfast.model.snapshot import Snapshot, State
from holdfast.workflow.look import look

pytestmark = pytest.mark.slow  # a cluster is made, written down and served


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small cluster, of pages enough."""
    return make(tmp_path_factory.mktemp("made"), 1_200)


async def looked_at(made: Made) -> Snapshot:
    """What a scan sees of it."""
    with serving(made) as url:
        async with Reader(Connection(name="bench", server=url), clock=SystemClock()) as reader:
            return await look(reader, kinds=(*kinds_read(), ConfigMap, Kafka))


def test_a_folder_of_pages_says_what_is_in_it(made: Made) -> None:
    assert 1_200 == made.pods
    assert SMALLEST <= made.smallest <= made.pod
    assert made.size > made.pods * made.pod
    assert "1,200 pods of" in made.described


def test_pages_hold_five_hundred_and_name_the_next(made: Made) -> None:
    share = Sharer()
    read = [page(Pod, path.read_bytes(), share) for path in written(made.folder)]
    assert [(PER_PAGE, "1"), (PER_PAGE, "2"), (200, "")] == [
        (len(each.objects), each.continue_token) for each in read
    ]


async def test_the_reader_understands_all_of_it(made: Made) -> None:
    snapshot = await looked_at(made)
    seen = {capture.kind.api.plural: len(capture.objects) for capture in snapshot.captures()}
    assert made.count == {plural: count for plural, count in seen.items() if count}
    assert [()] == [*{capture.unreadable for capture in snapshot.captures()}]
    assert State.ABSENT is snapshot.capture(Kafka).state
    assert 0 <= (snapshot.now - NOW).total_seconds() < 60


def test_each_list_stands_where_the_reader_asks_for_it(made: Made) -> None:
    assert 1 == len(written(made.folder, where(Claim)))
    assert "/api/v1/persistentvolumeclaims" == where(Claim)


def test_the_server_is_gone_afterwards_whatever_happened(made: Made) -> None:
    def fail() -> str:
        with serving(made) as url:
            at.append((urlsplit(url).hostname or "", urlsplit(url).port or 0))
            socket.create_connection(at[0], timeout=5).close()
            raise CouldNotMeasure("something else went wrong")

    at: list[tuple[str, int]] = []
    with pytest.raises(CouldNotMeasure, match="something else"):
        fail()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(at[0], timeout=5)


def test_both_ways_of_decoding_read_the_same_pods(made: Made) -> None:
    raw = [path.read_bytes() for path in written(made.folder)]
    assert [1_200, 1_200] == [reading.ours(raw), reading.plain(raw)]


def test_looking_says_what_it_took_and_found(made: Made) -> None:
    with serving(made) as url:
        said = ask("bench.reading", "look", url)
    assert 1_200 == said["pods"]
    assert min(said["look"], said["judge"], said["findings"]) > 0


def test_a_small_measurement_ends_in_a_table(made: Made, tmp_path: Path) -> None:
    holdfast = Path(sys.executable).with_name("holdfast")
    entries = [
        decode.measured(made, rounds=1),
        scan.measured(made, holdfast, tmp_path, rounds=1),
        growth.measured([made], holdfast, tmp_path, rounds=1),
    ]
    figures = [figure for entry in entries for figure in entry.figures]
    assert [] == [figure.what for figure in figures if min(figure.values) <= 0]
    assert "decode / json.loads: CPU" in table(entries)
    assert {(1_200, SEED)} == {(entry.n, entry.seed) for entry in entries}
