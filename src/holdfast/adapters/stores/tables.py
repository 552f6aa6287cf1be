"""The tables, as they are at the newest revision. Migrations make them; a test compares the two.

- Every row names its cluster. Ids are text, prefixed and ordered by time.
- No floats. Times are whole milliseconds since 1970, in UTC.
- Hashes and signed texts are kept as they were made, byte for byte.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

PREFIX = "hf_"
METADATA = MetaData()

_PLACE = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only plain integers

FACTS = Table(  # what this database is
    "hf_facts",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

DRAFTS = Table(  # what waits to be sealed, in the order of its arrival
    "hf_drafts",
    METADATA,
    Column("place", _PLACE, primary_key=True, autoincrement=True),
    Column("cluster_uid", Text, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subjects", Text, nullable=False),
    Column("details", Text, nullable=False),
    sqlite_autoincrement=True,  # a place is never given twice, also after its row is gone
)

ENTRIES = Table(  # the chain
    "hf_entries",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("line", Text, nullable=False),
)

TIPS = Table(  # the chain's state: one row
    "hf_tips",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("chain", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", Text, nullable=False),
    Column("head", Text, nullable=False),
    Column("frontier", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("time", Text, nullable=False),
)

LETTERS = Table(  # the inbox
    "hf_letters",
    METADATA,
    Column("cluster_uid", Text, nullable=False),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("hf_letters_by_time", "at_ms", "id"),
)

ANSWERS = Table(  # what became of letters; the keeper's alone
    "hf_answers",
    METADATA,
    Column("cluster_uid", Text, nullable=False),
    Column("letter", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
)

BEATS = Table(  # who is alive
    "hf_beats",
    METADATA,
    Column("cluster_uid", Text, nullable=False),
    Column("executor", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("beat_ms", BigInteger, nullable=False),
)
