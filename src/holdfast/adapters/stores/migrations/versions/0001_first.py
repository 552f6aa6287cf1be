"""The first schema: the record, the inbox, who is alive."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "hf_facts",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "hf_drafts",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=True),
        sa.Column("cluster_uid", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("subjects", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hf_entries",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
    )
    op.create_table(
        "hf_tips",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("frontier", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
    )
    op.create_table(
        "hf_letters",
        sa.Column("cluster_uid", sa.Text, nullable=False),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("hf_letters_by_time", "hf_letters", ["at_ms", "id"])
    op.create_table(
        "hf_answers",
        sa.Column("cluster_uid", sa.Text, nullable=False),
        sa.Column("letter", sa.Text, primary_key=True),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_table(
        "hf_beats",
        sa.Column("cluster_uid", sa.Text, nullable=False),
        sa.Column("executor", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("beat_ms", sa.BigInteger, nullable=False),
    )
