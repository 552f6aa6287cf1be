"""Who may do what to which table: declared beside the tables, and enforced by the database."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Process(StrEnum):
    """The two processes that share the work."""

    SERVE = "serve"  # faces people, alerts and models; holds nothing of value
    KEEPER = "keeper"  # verifies, acts and seals

    @property
    def engine_schema(self) -> str:
        """Where its engine keeps its tables: a schema that the other one cannot write."""
        return f"holdfast_{self}"


class Right(StrEnum):
    """What can be done to the rows of a table."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"
    REFERENCES = "REFERENCES"
    TRIGGER = "TRIGGER"


READ = frozenset({Right.SELECT})
ADD = READ | {Right.INSERT}
ALL = ADD | {Right.UPDATE, Right.DELETE}


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What each process may do to one table; whoever upgrades the database may do everything."""

    table: str
    rights: Mapping[Process, frozenset[Right]]
    counter: str = ""  # the sequence that numbers its rows, for whoever adds one
    own: str = ""  # the column that says whose a row is: nobody writes another's
    taker: Process | None = None  # who may delete also the rows of others
    hidden: tuple[str, ...] = ()  # columns that `serve` does not read
    shown: tuple[str, ...] = ()  # those that it does then

    def whole(self, process: Process) -> frozenset[Right]:
        """What that process may do to all columns of a row."""
        rights = self.rights[process]
        return rights - READ if self.narrow(process) else rights

    def narrow(self, process: Process) -> bool:
        """Whether it reads some columns and no others."""
        return process is Process.SERVE and bool(self.hidden)


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """How the rights that a process has differ from those that it should have."""

    role: str = ""  # the name it goes by; empty where the database knows no roles
    missing: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()
