"""The doors to the leash in its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from holdfast import settings
from holdfast.model.policy_tests import PolicyTests
from holdfast.ports import Standing
from holdfast.surfaces.cli.doors import PolicyDoors


def policy_doors() -> PolicyDoors:
    """All of them, behind which nothing is loaded yet."""
    return PolicyDoors(
        folder=_folder, keepers=_keepers, standing=_standing, tests=_tests, begin=_begin
    )


def _folder(named: Path | None) -> Path:
    return named if named is not None else _keepers(None)


def _keepers(state: Path | None) -> Path:
    wanted = settings.read().policy
    return Path(wanted) if wanted else (state or settings.state_dir()) / "policy"


def _standing(folder: Path) -> Standing:
    from holdfast.wiring.policies import loaded

    return loaded(folder)


def _tests(path: Path) -> PolicyTests:
    from holdfast.adapters.files.policy_folder import read_tests
    from holdfast.workflow.trying import KINDS, layers

    return read_tests(path, KINDS, layers())


def _begin(folder: Path, first: Mapping[str, bytes]) -> Sequence[str]:
    from holdfast.adapters.files.policy_folder import begin

    return begin(folder, first)
