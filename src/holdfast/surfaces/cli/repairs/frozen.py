"""A freeze that is on, said before anything else: nobody is to wonder why nothing is done."""

from holdfast.model import switches
from holdfast.model.switches import FREEZE
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.text import clean


def freeze_in(tx: Tx) -> str:
    """Since when it is on, by whom and why; empty if it is off."""
    return switches.freeze_told(tx.switches.value(FREEZE))


def warn(store: Store) -> None:
    """Say so beside what is printed, which may be for programs."""
    with store.reading() as tx:
        told = freeze_in(tx)
    warn_of(told)


def warn_of(told: str) -> None:
    """Say it, if there is anything to say."""
    if told:
        Plain(stderr=True).print(clean(told))
