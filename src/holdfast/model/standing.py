"""How a database stands to this version, and what a backup of one says that it holds."""

import msgspec


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a database stands to this version."""

    name: str  # as people know it, without a password
    revision: str | None = None  # None: nobody has made our tables yet
    newest: str  # that this version knows
    nowhere: str = ""  # the folder that its file would lie in, where that is not there either
    known: bool = True
    missing: tuple[str, ...] = ()  # tables and columns that should be there
    foreign: bool = False  # holds tables, and none of ours
    clusters: tuple[str, ...] = ()

    @property
    def cluster(self) -> str:
        """The cluster that it is for; empty if it is for none yet."""
        return self.clusters[0] if self.clusters else ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says that it holds; stands before it."""

    api_version: str = msgspec.field(name="apiVersion")
    kind: str
    revision: str
    cluster: str
    at: str
    tables: dict[str, int]  # how many rows each has
    chain: str  # empty before the chain was begun
    epoch: int
    size: int
    head: str
