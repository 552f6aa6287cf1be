"""The statements that give each process its rights in the database."""

import pytest

from holdfast.adapters.stores.access import ACCESS
from holdfast.adapters.stores.tables import METADATA, REVISION
from holdfast.errors import BadInput
from holdfast.grants.database import database_grants
from holdfast.model.access import Process, Right

ROLES = {Process.SERVE: "front", Process.KEEPER: "back"}


def test_every_table_is_somebodys() -> None:
    assert sorted(each.table for each in ACCESS) == sorted([*METADATA.tables, REVISION])


def test_serve_hands_over_and_does_nothing_else_to_what_is_not_its_own() -> None:
    written = {
        access.table: access.rights[Process.SERVE] - {Right.SELECT}
        for access in ACCESS
        if not access.own and access.rights[Process.SERVE] > {Right.SELECT}
    }
    assert written == {"hf_letters": {Right.INSERT}}


def test_nobody_may_empty_a_table_or_take_an_entry_back() -> None:
    everything = [access.rights[process] for access in ACCESS for process in Process]
    assert not any(Right.TRUNCATE in rights for rights in everything)
    (entries,) = [access for access in ACCESS if access.table == "hf_entries"]
    assert entries.rights[Process.KEEPER] == {Right.SELECT, Right.INSERT}


def test_what_was_granted_before_is_taken_away_first() -> None:
    statements = list(database_grants(ACCESS, ROLES))

    for access in ACCESS:
        about = [each for each in statements if f"ON TABLE {access.table} " in each]
        assert about[0] == f'REVOKE ALL ON TABLE {access.table} FROM PUBLIC, "front", "back"'
        assert all(each.startswith("GRANT ") for each in about[1:])


@pytest.mark.parametrize("name", ["", "a b", 'a"; DROP TABLE x; --', "a%s", "a$$", "1a", "a" * 64])
def test_a_name_that_could_be_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no name for a database role"):
        database_grants(ACCESS, {**ROLES, Process.SERVE: name})


def test_one_role_for_both_is_refused() -> None:
    with pytest.raises(BadInput, match="one database role"):
        database_grants(ACCESS, {Process.SERVE: "one", Process.KEEPER: "one"})
