"""A hundred people approve one proposal at the same moment, in four processes, and four whole
keepers answer: it is done once, and each of the others is told why not.

Who judges is the simulated server's own log of requests.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy import text

from holdfast.adapters.engine.rows import of
from holdfast.grants.names import LEASE_USERS
from holdfast.model.entries import Entry
from holdfast.model.handed import WORD
from holdfast.model.letters import Letter
from holdfast.workflow.answers import REFUSED
from holdfast.workflow.approving import APPROVED
from holdfast.workflow.casebook import plan_of
from tests.proving import PROVE
from tests.surfaces.processes.boundaries import traced
from tests.surfaces.processes.crashing import LOOK, Run, a_letter, a_run, says_yes
from tests.surfaces.processes.grounds import Grounds, cluster_uid, write_people
from tests.surfaces.processes.handing_in import hand_in
from tests.surfaces.processes.shop import MUTATES, STORIES
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.xdist_group("crash-sweep")]

KEEPERS = 4
N = 100 if PROVE else 12
ON = '"on the leash"'
UNCLEAR = "no, and nobody says why"
ONCE = ("ticket", "approved", "assented", "budget")
PEOPLE = tuple(f"p{number}" for number in range(N))
WITHIN = 1500  # seconds, on a machine where much else runs


async def approved_by_all(run: Run) -> Sequence[Letter]:
    """What everybody handed in, when it was answered and all is over."""
    write_people(run.state / "policy", PEOPLE)
    with run.kept_by(KEEPERS) as keepers:
        async with asyncio.timeout(WITHIN):
            while not all(each.log.exists() and ON in each.log.read_text() for each in keepers):
                await asyncio.sleep(LOOK)
            case = await run.proposed()
            about = plan_of(case).first
            letters = [a_letter(WORD, says_yes(who, about), who) for who in PEOPLE]
            await asyncio.to_thread(
                hand_in, run.environ["HOLDFAST_DATABASE"], cluster_uid(), letters
            )
            while not all(map(run.outcome, letters)) or not run.at_rest():
                await asyncio.sleep(LOOK)
    return letters


def sent(run: Run) -> Sequence[str]:
    """What leases asked the server to do, and not only to rehearse, whatever it answered."""
    return [
        f"{each.verb} {each.resource} {each.name}: {each.code}"
        for each in run.shop.cluster.audit
        if each.user.startswith(LEASE_USERS)
        and each.verb in MUTATES
        and not each.dry_run
        and "reviews" not in each.resource
    ]


def answers(run: Run, letters: Sequence[Letter]) -> Counter[str]:
    """How often each was given, and where it was no, by whom and why."""
    entries = {each.id: each for each in run.entries()}
    given = (str(run.outcome(each)).partition(": ") for each in letters)
    return Counter(_because(entries[id_]) if word == REFUSED else word for word, _, id_ in given)


def _because(entry: Entry) -> str:
    by, because = entry.details.get("by"), entry.details.get("because")
    return f"refused, {by}: {because}" if by and because else UNCLEAR


def spent(run: Run) -> Mapping[str, int]:
    """How much was spent, of each sort."""
    with run.store.reading() as tx:
        rows = of(tx).execute(text("SELECT what, count(*) FROM hf_once GROUP BY what"))
        return {str(what): int(count) for what, count in rows}


def hearers(run: Run) -> int:
    """How many keepers have heard what people said."""
    met = (traced(run.trace(number)) for number in range(1, KEEPERS + 1))
    return sum(any(each.doing.startswith(f"{WORD} of") for each in points) for points in met)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_of_a_hundred_yeses_in_four_processes_one_is_done(
    databases: dict[str, Grounds], database: str, tally: Tally
) -> None:
    story, place = STORIES["RolloutRestart"], f"together-{database}"
    async with a_run(databases[database], place, story, ()) as run:
        letters = await approved_by_all(run)
        told, done, wrong = answers(run, letters), sent(run), [*run.wrong()]

        suite = f"approvals of one proposal at once, whole keepers, {database}"
        for answer, count in told.items():
            tally(Count(f"{suite}, {answer}", count))
        amiss = len(done) != 1 or told[APPROVED] != 1 or bool(told[UNCLEAR] or wrong)
        tally(Count(suite, N, failures=int(amiss)))
        assert ["patch deployments.apps web: 200"] == done
        assert [] == wrong
        assert 1 == told[APPROVED]
        assert N - 1 == sum(told[each] for each in told if each.startswith(f"{REFUSED}, "))
        assert dict.fromkeys(ONCE, 1) == {each: spent(run).get(each) for each in ONCE}
        assert hearers(run) > 1
