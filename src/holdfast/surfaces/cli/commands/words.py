"""Flags that several commands share."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from holdfast.errors import BadInput
from holdfast.surfaces.cli.doors import Target

if TYPE_CHECKING:
    from holdfast.surfaces.cli.looking import Source

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


def _no_option(_type: object, value: Path | None) -> None:
    if value is not None and str(value).startswith("-") and value != Path("-"):
        raise ValueError(f"Unknown option: {value}.")


OR_DASH = Parameter(allow_leading_hyphen=True, validator=_no_option)
"""Of a file that may be `-`; what else begins like an option is a mistyped one."""

type State = Annotated[Path | None, Parameter(group=OURS)]
type Keys = Annotated[tuple[Path, ...], Parameter(name=["--key"], negative=(), show_default=False)]
type Flag = Annotated[bool, Parameter(group=HOW, negative=(), show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to look: a cluster, or a folder.

    Parameters
    ----------
    kubeconfig
        The kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster).
    context
        The context in it (default: the current one).
    snapshot
        Look at a folder instead: from `holdfast snapshot`, `kubectl get -o json` or
        `kubectl cluster-info dump`.
    at
        With --snapshot of plain kubectl output: when it was taken, in UTC if no zone is given
        (default: when its files were written).
    """

    kubeconfig: Kubeconfig = None
    context: Context = None
    snapshot: Annotated[Path | None, Parameter(group=WHERE)] = None
    at: Annotated[datetime | None, Parameter(group=WHERE)] = None

    def source(
        self, namespaces: tuple[str, ...] | None = None, named: tuple[str, ...] = ()
    ) -> "Source":
        """The source that those flags mean, in those namespaces, with those custom kinds."""
        from holdfast.surfaces.cli.looking import Source

        return Source(
            target=Target(kubeconfig=self.kubeconfig, context=self.context),
            namespaces=namespaces,
            snapshot=self.snapshot,
            at=self.at,
            named=named,
        )


CURRENT = Place()


def namespaces(named: tuple[str, ...], *, everywhere: bool) -> tuple[str, ...] | None:
    """The namespaces that were named, each once; None for all of them."""
    if named and everywhere:
        raise BadInput("-n and -A contradict each other.", remedy="Give one of them.")
    return tuple(dict.fromkeys(named)) or None
