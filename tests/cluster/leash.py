"""An installation on the lab, as people make one: fences, a keeper, people with keys, an inbox.

The keeper has its own kubeconfig and no other right. What is proposed goes in as `holdfast propose`
puts it in; what people say is signed by the real ssh-keygen.
"""

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from holdfast import wiring
from holdfast.actions import CLOSED_SET
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.execution.states import ENDS, State
from holdfast.model.entries import Draft, Entry
from holdfast.model.handed import PLAN, PROPOSE, WORD, Handed, Propose, ProposePlan, proposal_named
from holdfast.model.letters import Letter
from holdfast.model.repairs import ActionClass
from holdfast.model.rules import Found
from holdfast.ports import Store
from holdfast.workflow.deciding import UNDOING
from lab.client import Client
from lab.control_plane import Lab
from lab.postgres import Postgres
from tests.approvals.keygen import make_key, public, sign
from tests.cluster.finding import PACE, REQUESTER, asked_for, candidate, findings
from tests.cluster.told import Told
from tests.surfaces.processes.running import PATIENCE, Running, running

DATABASE = "holdfast"
PEOPLE = ("ana", "ben", "cleo")
CEDAR = '@id("everybody") permit(principal in Group::"oncall", action, resource);\n'


@dataclass(kw_only=True)
class Installation:
    """One, on one lab."""

    lab: Lab
    state: Path
    store: Store
    keys: Mapping[str, Path]
    settings: dict[str, str]
    admin: Client

    @classmethod
    @contextmanager
    def on(cls, lab: Lab, folder: Path, server: Postgres | None = None) -> Iterator["Installation"]:
        """Fences up, kubeconfigs written, database and keys made, the policy written."""
        state, passes = folder / "state", folder / "passes"
        admin = lab.client()
        whole, settings = f"sqlite:///{state}/holdfast.db", {"state_dir": str(state)}
        if server is not None:
            database = server.url(DATABASE, "holdfast_serve")
            keepers = server.url(DATABASE, "holdfast_keeper")
            whole = server.url(DATABASE, "ada")  # no process may do and see all of it
            settings |= {"database": database, "keeper_database": keepers}
        uid = admin.get("/api/v1/namespaces/kube-system").json()["metadata"]["uid"]
        with pytest.MonkeyPatch.context() as env:
            env.setenv("HOLDFAST_STATE_DIR", str(state))
            if server is not None:
                env.setenv("HOLDFAST_DATABASE", _database_on(server))
            admins = ["--kubeconfig", str(lab.kubeconfig())]
            for words in (
                ["rbac", "install", "--apply", *admins],
                ["rbac", "install", "--kubeconfigs", str(passes), *admins],
                ["db", "upgrade", "--cluster", uid],
                ["keys", "init"],
                ["policy", "init"],
                *([["db", "grants", "--apply"]] if server is not None else []),
            ):
                assert wiring.main(words) == 0, words
        store = SqlStore(open_engine(parse_url(whole)), uid)
        made = cls(
            lab=lab,
            state=state,
            store=store,
            keys={who: make_key(_folder(folder / who), "ed25519") for who in PEOPLE},
            settings={
                **settings,
                "keeper_kubeconfig": str(passes / "keeper.kubeconfig"),
                "soak": "1",
                "deadline": "60",
                "late": "60",
                "settled": "2",
            },
            admin=admin,
        )
        made.write_policy()
        try:
            yield made
        finally:
            store.close()
            admin.close_all()

    @property
    def database(self) -> str:
        """Of which sort it is."""
        return "postgres" if "database" in self.settings else "sqlite"

    @property
    def inbox(self) -> str:
        """Where whoever only puts letters there finds it."""
        return self.settings.get("database", f"sqlite:///{self.state}/holdfast.db")

    @property
    def policy(self) -> Path:
        """The folder of the leash."""
        return self.state / "policy"

    def write_policy(
        self,
        *,
        protected: Sequence[str] = (),
        cedar: str = "",
        revoked: Mapping[str, str] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        **narrower: object,
    ) -> None:
        """Everything is switched on and wants a signature; whatever is said is narrower.

        Without `groups` everybody is on call; else who does not stand there is not known at all.
        """
        known = groups if groups is not None else dict.fromkeys(self.keys, ("oncall",))
        classes = [each.value for each in ActionClass]
        leash = {
            "apiVersion": "holdfast.dev/v1alpha1",
            "kind": "Leash",
            "switchedOn": [each.kind.name for each in CLOSED_SET if not each.kind.on],
            "protectedNamespaces": [*protected],
            "approvers": {each: ["oncall"] for each in classes},
            "signed": classes,
            "perHour": dict.fromkeys(classes, 1000),
            **narrower,
        }
        people = {
            "apiVersion": "holdfast.dev/v1alpha1",
            "kind": "People",
            "people": [self._person(who, of, revoked or {}) for who, of in known.items()],
        }
        _replace(self.policy / "leash.yaml", msgspec.json.encode(leash))
        _replace(self.policy / "people.yaml", msgspec.json.encode(people))
        _replace(self.policy / "policy.cedar", (CEDAR + cedar).encode())

    def _person(
        self, who: str, groups: Sequence[str], revoked: Mapping[str, str]
    ) -> dict[str, Any]:
        told = {"id": who, "groups": groups, "identities": {"ssh": [public(self.keys[who])]}}
        return told | ({"revoked": revoked[who]} if who in revoked else {})

    @contextmanager
    def keeper(self, log: Path, **settings: str) -> Iterator[Running]:
        """A keeper as people start it, on the leash."""
        with running(log, "keeper", **{**self.settings, **settings}) as keeper:
            keeper.until("on the leash")
            yield keeper

    # what people hand in

    def put(self, kind: str, body: object, sender: str = REQUESTER) -> str:
        """Put a letter into the inbox."""
        letter = Letter(
            id=f"ltr_{secrets.token_hex(10)}",
            kind=kind,
            sender=sender,
            body=msgspec.to_builtins(body),
            at=SystemClock().now(),
        )
        with self.store.transaction() as tx:
            tx.letters.put(letter)
        return letter.id

    async def answer(self, letter: str) -> str:
        """What became of it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with self.store.reading() as tx:
                    outcome = tx.letters.outcome(letter)
                if outcome is not None:
                    return outcome
                await asyncio.sleep(PACE)

    async def propose(self, *wanted: Propose) -> Told:
        """What came of a letter `propose`, or `plan` for several, once it has been previewed."""
        kind, body = (PLAN, ProposePlan(steps=wanted)) if len(wanted) > 1 else (PROPOSE, wanted[0])
        outcome = await self.answer(self.put(kind, body))
        id_ = proposal_named(outcome)
        assert id_, (outcome, await self.because(outcome))
        async with asyncio.timeout(PATIENCE):
            while (told := self.told(id_)) is None:
                await asyncio.sleep(PACE)
        return told

    def word(self, told: Told, decision: Decision, who: str, reason: str = "") -> Handed:
        """A person's word, as `holdfast approve`, `reject` and `undo` make it."""
        return self.signed(statement_of(told, decision, reason), who)

    def signed(self, statement: Statement, who: str, namespace: str = NAMESPACE) -> Handed:
        """Whatever it says, by that person's key."""
        text = statement.text()
        signature = sign(self.keys[who], text, namespace)
        return Handed(statement=text.decode(), signature=signature)

    async def say(self, told: Told, decision: Decision, who: str, reason: str = "") -> str:
        """Hand a word in; what became of it."""
        return await self.answered(self.word(told, decision, who, reason))

    async def answered(self, word: Handed) -> str:
        """What became of what was signed."""
        return await self.answer(self.put(WORD, word))

    async def approve(self, told: Told, by: Sequence[str] = ("ana", "ben")) -> None:
        """By as many people as it takes, each step by itself."""
        for who in by:
            for step in told.plan.steps:
                said = msgspec.structs.replace(statement_of(told, Decision.APPROVE), step=step.step)
                outcome = await self.answered(self.signed(said, who))
                assert outcome.startswith(("approved", "counted")), await self.because(outcome)
                if outcome.startswith("approved"):
                    return
        raise AssertionError(f"{told.proposal.id} wants more than two people")

    async def undo(self, told: Told) -> None:
        """A person wants it taken back."""
        outcome = await self.say(told, Decision.UNDO, "ana", "it did not help")
        assert outcome.startswith(UNDOING), await self.because(outcome)

    # what is kept

    def told(self, id_: str) -> Told | None:
        """What is kept of a proposal; None while there is nothing."""
        with self.store.reading() as tx:
            case = tx.cases.case(id_)
        return None if case is None else Told(case=case)

    async def until(self, id_: str, *states: State) -> Told:
        """As soon as it is in one of those, with its leases taken back."""
        async with asyncio.timeout(PATIENCE):
            while True:
                told = self.told(id_)
                assert told is not None
                if told.state in states and not told.leased:
                    return told
                assert told.state not in ENDS - {*states}, (told.state, told.says)
                await asyncio.sleep(PACE)

    async def ended(self, id_: str) -> Told:
        """Wherever it ends."""
        return await self.until(id_, *ENDS)

    async def because(self, outcome: str) -> str:
        """What the record says of an outcome."""
        id_ = outcome.rpartition(" ")[2]
        async with asyncio.timeout(PATIENCE):
            while True:
                with self.store.reading() as tx:
                    entry = tx.records.entry(id_)
                if entry is not None:
                    return str(entry.details.get("because", entry.kind))
                await asyncio.sleep(PACE)

    def entries(self, id_: str) -> list[Entry]:
        """What the record holds about a proposal, in order."""
        with self.store.reading() as tx:
            each = [msgspec.json.decode(line, type=Entry) for line in tx.records.lines()]
        return [entry for entry in each if id_ in entry.subjects]

    def refused_by(self, told: Told) -> str:
        """By whom the act was refused, and why, as the record has it."""
        with self.store.reading() as tx:
            drafts = [each.details for each in tx.records.waiting(10_000) if _of(told, each)]
        sealed = [each.details for each in self.entries(told.case.id)]
        refusals = [each.get("refusals") for each in (*sealed, *drafts) if "refusals" in each]
        return "; ".join(
            f"{each['by']}: {each['because']}"
            for every in msgspec.to_builtins(refusals)
            for each in every
        )

    def left(self) -> list[str]:
        """What of leases stands on the cluster."""
        accounts = self.admin.get("/api/v1/namespaces/holdfast-leases/serviceaccounts").json()
        bindings = self.admin.get("/apis/rbac.authorization.k8s.io/v1/rolebindings").json()
        wide = self.admin.get("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings").json()
        values = self.admin.get("/api/v1/namespaces/holdfast-leases/configmaps").json()
        made = (*accounts["items"], *bindings["items"], *wide["items"])
        names = [each["metadata"]["name"] for each in made]
        names += [key for each in values["items"] for key in each.get("data", {})]
        return [name for name in names if name.startswith(("act.", "preview.", "undo."))]

    # what can be done

    async def wanted(self, namespace: str, action: str, code: str = "", name: str = "") -> Propose:
        """The letter that `holdfast propose` would write about what is wrong there."""
        return asked_for(await candidate(self.lab, namespace, action, code, name))

    async def found(self, namespace: str, code: str) -> list[Found]:
        """What is found of that there now."""
        return await findings(self.lab, namespace, code)

    def fetch(self, path: str) -> Any:
        """An object, as the administrator sees it."""
        found = self.admin.get(path)
        assert found.ok, found.body
        return found.json()


def statement_of(told: Told, decision: Decision, reason: str = "") -> Statement:
    """What a person signs who says that of it."""
    about = told.proposal
    return Statement(
        v=1,
        cluster=about.cluster,
        proposal=about.id,
        digest=about.digest,
        step=1,
        decision=decision,
        until=about.open_until,
        reason=reason,
    )


def _of(told: Told, draft: Draft) -> bool:
    return told.case.id in draft.subjects


def _database_on(server: Postgres) -> str:
    """An empty database of somebody who owns it, and a role for each process."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for role in ("ada", "holdfast_serve", "holdfast_keeper"):
            connection.execute(f"CREATE ROLE {role} LOGIN".encode())
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER ada".encode())
    return server.url(DATABASE, "ada")


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def _replace(path: Path, text: bytes) -> None:
    """At once, as an editor does it: nobody reads half of it."""
    new = path.with_suffix(".new")
    new.write_bytes(text)
    new.replace(path)
