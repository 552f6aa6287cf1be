"""Segments of the record: signed checkpoints at which older entries may be let go."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "hf_segments",
        sa.Column("cluster_uid", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("let_go", sa.Integer, nullable=False),
    )
