"""Proposals and where they are, who said yes, what is spent, what is left, what is switched on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and have each draft say which process it is of."""
    op.add_column(
        "hf_drafts", sa.Column("process", sa.Text, nullable=False, server_default="keeper")
    )
    op.create_table(
        "hf_cases",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("of_class", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("course", sa.Text, nullable=False),
        sa.Column("proposed_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("open_until_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("hf_cases_by_state", "hf_cases", ["state", "changed_ms", "id"])
    op.create_index("hf_cases_by_target", "hf_cases", ["target", "proposed_ms", "id"])
    op.create_index("hf_cases_by_time", "hf_cases", ["proposed_ms", "id"])
    op.create_table(
        "hf_words",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=True),
        sa.Column("cluster_uid", sa.Text, nullable=False),
        sa.Column("proposal", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("assent", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("cluster_uid", "proposal", "step", "person"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hf_once",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("spent_by", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "hf_buckets",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("of_class", sa.Text, primary_key=True),
        sa.Column("thousandths", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "hf_switches",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
