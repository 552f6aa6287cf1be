"""The folder in which operators keep the leash: `leash.yaml`, `people.yaml` and `policy.cedar`.

All three must be there. What is missing is said with the command that writes a first one.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from holdfast.adapters.files import strict, whole
from holdfast.errors import BadInput
from holdfast.model import leash, people, policy_tests, written
from holdfast.model.leash import Leash
from holdfast.model.people import People
from holdfast.model.policy_tests import PolicyTests

RULES, PEOPLE, CEDAR, TESTS = "leash.yaml", "people.yaml", "policy.cedar", "tests.yaml"


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the folder, read strictly; the operator's policy still is a text."""

    leash: Leash
    people: People
    cedar: str
    version: str  # of what judges: the rules and the policy, and not who there is
    files: Mapping[str, str]  # the hash of each file, as it was read


def read(folder: Path, known: Mapping[str, bool]) -> Folder:
    """The folder whole, or the first thing that is wrong with it. `known` are the kinds of actions,
    and whether each is on by itself.
    """
    for name in (RULES, PEOPLE, CEDAR):
        if not os.path.lexists(folder / name):
            raise BadInput(
                f"{folder / name} is not there.",
                remedy=f"`holdfast policy init {folder}` writes what is missing, with comments.",
            )
    texts = {name: strict.content(folder / name) for name in (RULES, PEOPLE, CEDAR)}
    rules = written.parse(
        texts[RULES],
        str(folder / RULES),
        Leash,
        api_version=leash.API_VERSION,
        kind=leash.KIND,
        faults=lambda told: told.faults(known),
    )
    everybody = _people(texts[PEOPLE], str(folder / PEOPLE))
    cedar = texts[CEDAR]
    judged = msgspec.json.encode(rules, order="sorted") + b"\n" + cedar.encode()
    return Folder(
        leash=rules,
        people=everybody,
        cedar=cedar,
        version=hashlib.sha256(judged).hexdigest(),
        files={name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
    )


def read_people(path: Path) -> People:
    """The people file alone."""
    return _people(strict.content(path), str(path))


def _people(text: str, file: str) -> People:
    return written.parse(
        text, file, People, api_version=people.API_VERSION, kind=people.KIND, faults=People.faults
    )


def read_tests(path: Path, kinds: Sequence[str], layers: Sequence[str]) -> PolicyTests:
    """The tests in a file; those of a folder stand in its `tests.yaml`."""
    return strict.read(
        path / TESTS if path.is_dir() else path,
        PolicyTests,
        api_version=policy_tests.API_VERSION,
        kind=policy_tests.KIND,
        faults=lambda told: told.faults(kinds, layers),
    )


def begin(folder: Path, first: Mapping[str, bytes]) -> Sequence[str]:
    """Write what is missing; what is there already is left alone. The names that were written."""
    whole.make_folder(folder)
    missing = [name for name in first if not (folder / name).exists()]
    for name in missing:
        whole.write(folder / name, first[name], mode=0o644)
    return missing
