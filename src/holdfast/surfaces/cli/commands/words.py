"""Flags that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from holdfast.errors import BadInput

WHERE = Group("Which cluster", sort_key=1)
WHAT = Group("What to look at", sort_key=2)
HOW = Group("What to show", sort_key=3)
OURS = Group("Which installation", sort_key=5)
BEFORE = Group("The last scan", sort_key=4)

type Kubeconfig = Annotated[Path | None, Parameter(group=WHERE)]
type Context = Annotated[str | None, Parameter(group=WHERE)]
type Namespaces = Annotated[
    tuple[str, ...],
    Parameter(name=["--namespace", "-n"], group=WHAT, negative=(), show_default=False),
]
type Everywhere = Annotated[
    bool, Parameter(name=["--all-namespaces", "-A"], group=WHAT, negative=(), show_default=False)
]
type Without = Annotated[
    tuple[str, ...], Parameter(name=["--without"], group=WHAT, negative=(), show_default=False)
]
type CustomKinds = Annotated[
    tuple[str, ...], Parameter(name=["--kind"], group=WHAT, negative=(), show_default=False)
]
type FailOn = Literal[
    "info", "warning", "critical", "new:info", "new:warning", "new:critical", "never"
]
type State = Annotated[Path | None, Parameter(group=OURS)]
type Keys = Annotated[tuple[Path, ...], Parameter(name=["--key"], negative=(), show_default=False)]
type Flag = Annotated[bool, Parameter(group=HOW, negative=(), show_default=False)]


def namespaces(named: tuple[str, ...], *, everywhere: bool) -> tuple[str, ...] | None:
    """The namespaces that were named, each once; None for all of them."""
    if named and everywhere:
        raise BadInput("-n and -A contradict each other.", remedy="Give one of them.")
    return tuple(dict.fromkeys(named)) or None
