"""What somebody has planted in the database, so that what is written there is not what stays.

We make no trigger, view or rule; and whatever else is of our tables is as our migrations make it.
"""

from sqlalchemy import Connection, Engine

from holdfast.adapters.stores.database import asking, named
from holdfast.adapters.stores.postgres_definitions import altered_in_postgres
from holdfast.adapters.stores.sqlite_definitions import altered_in_sqlite
from holdfast.errors import WrongStore

NAMED = 3  # that a sentence names
LONGEST = 150  # characters of what somebody else chose


def require_none_planted(engine: Engine) -> None:
    """Raise `WrongStore` if there is any, with what to do."""
    with asking(engine, writing=False) as connection:
        require_none_in(connection)


def require_none_in(connection: Connection) -> None:
    """The same, seen from within a transaction."""
    planted = _planted(connection)
    if not planted:
        return
    more = f" and {len(planted) - NAMED} more" if len(planted) > NAMED else ""
    raise WrongStore(
        f"{named(connection.engine.url)} holds what Holdfast has not made: "
        f"{', '.join(each[:LONGEST] for each in planted[:NAMED])}{more}. What is written there may "
        "not be what stays.",
        remedy="End the keeper, keep a copy of the database, and find out who made that. Drop it "
        "(DROP TRIGGER, VIEW, RULE, INDEX or POLICY; what was altered is made anew by `holdfast db "
        "backup` and `holdfast db restore` into an empty database), see what is left of the record "
        "with `holdfast audit verify`, and freeze or reject again what was.",
    )


def know_what_is_there(connection: Connection) -> None:
    """Have what is written next go by the definitions that are there now, and by none that somebody
    took away again once this connection had read them. Only SQLite needs to be told.
    """
    if connection.dialect.name == "sqlite":
        altered_in_sqlite(connection)


def _planted(connection: Connection) -> tuple[str, ...]:
    """Each, as `the trigger NAME of TABLE`."""
    if connection.dialect.name == "sqlite":
        return altered_in_sqlite(connection)
    return altered_in_postgres(connection)
