"""`holdfast rbac install`: one order at a time, each told in sentences."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import yaml

from holdfast.errors import BadInput
from holdfast.grants.fences import fences
from holdfast.ports.leases import Installer
from holdfast.surfaces.cli.doors import Doors, Target
from holdfast.surfaces.cli.exits import FAULTS, NOTHING
from holdfast.surfaces.cli.text import clean

ORDERS = "--dry-run, --apply, --check or --remove"


def run(doors: Doors, target: Target, orders: Sequence[str], kubeconfigs: Path | None) -> int:
    """Do what is ordered; `--kubeconfigs` is an order of its own, or goes with `--apply`."""
    order = _one_of(orders, kubeconfigs)
    if order == "--dry-run":
        _refuse_a_cluster(target)
        return _print()
    return asyncio.run(_at_the_cluster(doors, target, order, kubeconfigs))


def _one_of(orders: Sequence[str], kubeconfigs: Path | None) -> str:
    if len(orders) > 1:
        raise BadInput(f"{' and '.join(orders)} exclude each other.", remedy="Give one of them.")
    order = orders[0] if orders else ""
    if not order and kubeconfigs is None:
        raise BadInput("Nothing is ordered.", remedy=f"Give {ORDERS}, or --kubeconfigs FOLDER.")
    if kubeconfigs is not None and order not in ("", "--apply"):
        raise BadInput(
            f"--kubeconfigs writes nothing with {order}.",
            remedy="Give it alone, or with --apply.",
        )
    if kubeconfigs is not None and kubeconfigs.exists() and not kubeconfigs.is_dir():
        raise BadInput(f"{kubeconfigs} is no folder.", remedy="Name a folder with --kubeconfigs.")
    return order


def _refuse_a_cluster(target: Target) -> None:
    if target != Target():
        raise BadInput(
            "--dry-run asks no cluster: it prints the same for each.",
            remedy="Leave out --kubeconfig and --context, or give --check.",
        )


def _print() -> int:
    print(yaml.safe_dump_all(fences(), sort_keys=False, width=100), end="")
    return NOTHING


async def _at_the_cluster(
    doors: Doors, target: Target, order: str, kubeconfigs: Path | None
) -> int:
    async with doors.installer(target) as installer:
        if order == "--check":
            return _checked(await installer.amiss())
        if order == "--remove":
            _tell(await installer.remove(), "There was nothing to remove.")
            return NOTHING
        if order == "--apply":
            _tell(await installer.apply(), "All of it stands as it was made: nothing to do.")
        if kubeconfigs is not None:
            await _write(doors, installer, kubeconfigs)
    return NOTHING


def _checked(wrong: Sequence[str]) -> int:
    _tell(wrong, "The fences stand as they were made.")
    return FAULTS if wrong else NOTHING


async def _write(doors: Doors, installer: Installer, folder: Path) -> None:
    for each in await installer.passes():
        path = folder / f"{each.process}.kubeconfig"
        doors.write_private(path, each.kubeconfig)
        print(clean(f"{path} is good until {each.until}."))


def _tell(sentences: Sequence[str], otherwise: str) -> None:
    for each in sentences or [otherwise]:
        print(clean(each))
