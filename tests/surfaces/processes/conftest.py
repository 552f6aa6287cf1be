"""What stories of whole keepers begin with."""

from collections.abc import Iterator

import pytest

from lab.postgres import Postgres
from tests.surfaces.processes.grounds import Grounds, grounds


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Grounds]]:
    """What stories on each sort of database begin with."""
    with Postgres.started() as server:
        yield {
            "sqlite": grounds(tmp_path_factory.mktemp("sqlite"), None),
            "postgres": grounds(tmp_path_factory.mktemp("postgres"), server),
        }
