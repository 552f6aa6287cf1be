"""Installations that stories begin with: database, keys, policy and people, as people make them.

Each story gets a copy of its own.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import psycopg
import pytest

from holdfast import wiring
from holdfast.actions import CLOSED_SET
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.engine.transact import TransactEngine
from holdfast.adapters.engine.works import Works
from holdfast.adapters.stores.beneath import open_beneath
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.model.repairs import ActionClass
from lab.postgres import Postgres
from tests.approvals.keygen import public
from tests.workflow.executing import key
from tests.workflow.stage import a_shop

PEOPLE = ("ana", "ben")
CEDAR = '@id("everybody") permit(principal in Group::"oncall", action, resource);\n'
READY = "ready"  # the database that others are copied from


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """One installation for each sort of database, from which each story gets its own copy."""

    folder: Path
    postgres: Postgres | None

    def copy(self, name: str) -> tuple[Path, Mapping[str, str]]:
        """A state folder, and where its database is: as each process reaches it."""
        state = self.folder.parent / name
        shutil.copytree(self.folder, state)
        database = _named(name)
        if self.postgres is not None:
            with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {database} TEMPLATE {READY}".encode())
        return state, self.environ(state, database)

    def whole(self, name: str) -> str:
        """The copy's database, as its owner reaches it: no process may do and see all of it."""
        if self.postgres is None:
            return f"sqlite:///{self.folder.parent / name}/holdfast.db"
        return self.postgres.url(_named(name), "ada")

    def environ(self, state: Path, database: str) -> Mapping[str, str]:
        """Where everything is for whoever lives there."""
        environ = {"HOLDFAST_STATE_DIR": str(state), "HOLDFAST_POLICY": str(state / "policy")}
        if self.postgres is None:
            return environ | {"HOLDFAST_DATABASE": f"sqlite:///{state}/holdfast.db"}
        return environ | {
            "HOLDFAST_DATABASE": self.postgres.url(database, "holdfast_serve"),
            "HOLDFAST_KEEPER_DATABASE": self.postgres.url(database, "holdfast_keeper"),
        }


def _named(name: str) -> str:
    return name.lower().replace("-", "_")


def grounds(folder: Path, postgres: Postgres | None) -> Grounds:
    """Database, keys, policy and people, made as people make them."""
    state = folder / READY
    with pytest.MonkeyPatch.context() as env:
        env.setenv("HOLDFAST_STATE_DIR", str(state))
        env.delenv("HOLDFAST_DATABASE", raising=False)
        if postgres is not None:
            env.setenv("HOLDFAST_DATABASE", _owned(postgres))
        for words in (
            ["db", "upgrade", "--cluster", cluster_uid()],
            ["keys", "init"],
            ["policy", "init"],
            *([["db", "grants", "--apply"]] if postgres is not None else []),
        ):
            assert wiring.main(words) == 0, words
    _write_policy(state / "policy")
    made = Grounds(folder=state, postgres=postgres)
    asyncio.run(_begun(made.environ(state, READY)))
    return made


async def _begun(environ: Mapping[str, str]) -> None:
    """The tables of the engine, as the first keeper makes them."""
    url = parse_url(environ.get("HOLDFAST_KEEPER_DATABASE", environ["HOLDFAST_DATABASE"]))
    ours, below = open_engine(url), open_beneath(url)
    works = Works(role="keeper", executor="first", release="0", phases=[], queues=[])
    async with TransactEngine(works, SqlStore(ours, cluster_uid()), below, SystemClock()).running():
        pass
    below.dispose()
    ours.dispose()


def _owned(server: Postgres) -> str:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for role in ("ada", "holdfast_serve", "holdfast_keeper"):
            connection.execute(f"CREATE ROLE {role} LOGIN".encode())
        connection.execute(f"CREATE DATABASE {READY} OWNER ada".encode())
    return server.url(READY, "ada")


@cache
def cluster_uid() -> str:
    """The same for every shop: the simulated cluster is made of one seed."""
    system = a_shop().fetch("namespaces", "kube-system", namespace="")
    return str(system["metadata"]["uid"])


def _write_policy(folder: Path) -> None:
    classes = [each.value for each in ActionClass]
    leash = {
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "Leash",
        "switchedOn": [each.kind.name for each in CLOSED_SET if not each.kind.on],
        "approvers": {each: ["oncall"] for each in classes},
        "signed": classes,
        "perHour": dict.fromkeys(classes, 1000),
    }
    (folder / "leash.yaml").write_bytes(msgspec.json.encode(leash))
    (folder / "policy.cedar").write_text(CEDAR)
    write_people(folder, PEOPLE)


def write_people(folder: Path, everybody: Sequence[str]) -> None:
    """All of them are on call, each with a key."""
    people = [
        {"id": who, "groups": ["oncall"], "identities": {"ssh": [public(key(who))]}}
        for who in everybody
    ]
    told = {"apiVersion": "holdfast.dev/v1alpha1", "kind": "People", "people": people}
    (folder / "people.yaml").write_bytes(msgspec.json.encode(told))
