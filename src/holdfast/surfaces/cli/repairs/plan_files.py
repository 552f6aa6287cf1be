"""`holdfast propose --plan`: a file that names up to five repairs, one after the other.

Each is named as on the command line: a trouble, the kind of action, and where there are several,
the object. What is wrong in it is said with the file, the line and why.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from holdfast.errors import BadInput
from holdfast.model.handed import Text
from holdfast.model.plans import MOST
from holdfast.model.written import Fault, parse
from holdfast.surfaces.cli.repairs.patches import text_of
from holdfast.surfaces.cli.text import clean

API_VERSION, KIND = "holdfast.dev/v1alpha1", "Plan"
LONGEST = 100_000  # characters


class StepAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One repair."""

    trouble: Text
    action: Text
    target: Annotated[str, msgspec.Meta(max_length=300)] = ""


class PlanAsked(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """The file."""

    api_version: Literal["holdfast.dev/v1alpha1"]
    kind: Literal["Plan"]
    steps: tuple[StepAsked, ...]


def read(path: Path) -> PlanAsked:
    """The plan of a file. Raises `BadInput` with the file, the line and why it is none."""
    name = clean(str(path))
    text = text_of(path, "plan", LONGEST)
    if len(text) > LONGEST:
        raise BadInput(f"The plan {name} is too long.", remedy=f"A plan has {MOST} steps at most.")
    return parse(text, name, PlanAsked, api_version=API_VERSION, kind=KIND, faults=_faults)


def _faults(asked: PlanAsked) -> Iterator[Fault]:
    count = len(asked.steps)
    if count < 2:
        why = "a plan has at least two steps: one alone is proposed without a file"
        yield Fault(at=".steps", why=why)
    if count > MOST:
        yield Fault(at=f".steps[{MOST}]", why=f"a plan has {MOST} steps at most, and not {count}")
    for number, each in enumerate(asked.steps):
        if each in asked.steps[:number]:
            yield Fault(at=f".steps[{number}]", why="this step stands there before")
