"""What a process counts of its engine, and what may be shown of how far a repair has come."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a column for each, which is empty until somebody writes the row again."""
    for table, column in (("hf_beats", "figures"), ("hf_cases", "progress")):
        op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
