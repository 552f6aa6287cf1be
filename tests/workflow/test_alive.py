"""Who is alive, by the clock that all processes share."""

from datetime import timedelta

from holdfast.model.access import Process
from holdfast.model.letters import Beat
from holdfast.testing.clock import NOON
from holdfast.workflow.alive import SILENT, alive


def a_beat(executor: str = "keeper-a", role: str = "keeper", ago: timedelta = timedelta()) -> Beat:
    return Beat(executor=executor, role=role, version="1", started=NOON, beat=NOON - ago)


def test_a_process_that_beat_lately_is_alive_and_a_silent_one_is_dead() -> None:
    at_the_edge, past_it = a_beat(ago=SILENT), a_beat(ago=SILENT + timedelta(milliseconds=1))

    assert at_the_edge == alive([at_the_edge], Process.KEEPER, NOON)
    assert alive([past_it], Process.KEEPER, NOON) is None


def test_only_processes_of_that_sort_count_and_the_latest_is_told() -> None:
    beats = [a_beat("s", "serve"), a_beat("old", ago=timedelta(seconds=3)), a_beat("new")]

    assert alive(beats, Process.KEEPER, NOON) == beats[2]
    assert alive(beats[:1], Process.KEEPER, NOON) is None
