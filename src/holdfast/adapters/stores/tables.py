"""The tables, as they are at the newest revision. Migrations make them; a test compares the two.

- Every row names its cluster. Ids are text, prefixed and ordered by time.
- No floats. Times are whole milliseconds since 1970, in UTC.
- Hashes and signed texts are kept as they were made, byte for byte.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

PREFIX = "hf_"
REVISION = "hf_revision"  # what an upgrade has reached; Alembic's own table
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
    Column("process", Text, nullable=False, server_default="keeper"),
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

SEGMENTS = Table(  # signed states of the chain, where its older entries may be let go
    "hf_segments",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("let_go", Integer, nullable=False),  # 1: what stood before it is not here any more
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
    Column("figures", Text, nullable=False, server_default=""),
)

CASES = Table(  # proposals, and where they are
    "hf_cases",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("of_class", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("course", Text, nullable=False),
    Column("proposed_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("open_until_ms", BigInteger, nullable=False),
    Column("progress", Text, nullable=False, server_default=""),
    Index("hf_cases_by_state", "state", "changed_ms", "id"),
    Index("hf_cases_by_target", "target", "proposed_ms", "id"),
    Index("hf_cases_by_time", "proposed_ms", "id"),
)

WORDS = Table(  # who said yes to what, in the order of their coming
    "hf_words",
    METADATA,
    Column("place", _PLACE, primary_key=True, autoincrement=True),
    Column("cluster_uid", Text, nullable=False),
    Column("proposal", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("assent", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    UniqueConstraint("cluster_uid", "proposal", "step", "person"),
    sqlite_autoincrement=True,
)

ONCE = Table(  # what is spent, and stays so
    "hf_once",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("spent_by", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

BUCKETS = Table(  # what is left of budgets
    "hf_buckets",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("of_class", Text, primary_key=True),
    Column("thousandths", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

SWITCHES = Table(  # what is on
    "hf_switches",
    METADATA,
    Column("cluster_uid", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
