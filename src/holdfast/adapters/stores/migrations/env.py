"""What Alembic runs: on the connection that `upkeep` hands it, in that one's transaction."""

from alembic import context

from holdfast.adapters.stores.tables import METADATA, PREFIX, REVISION


def _ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """The engine's tables are its own."""
    return kind != "table" or (name or "").startswith(PREFIX)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    include_object=_ours,
    version_table=REVISION,
    transactional_ddl=True,
)
context.run_migrations()
