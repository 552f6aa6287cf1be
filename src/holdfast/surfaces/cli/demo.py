"""`holdfast demo`: the main job on a simulated cluster, and what to type next."""

import asyncio

from holdfast import facts
from holdfast.diagnosis.survey import survey
from holdfast.surfaces.cli.before import NothingBefore
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.doors import Doors
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, NOTHING
from holdfast.surfaces.cli.looking import look_at
from holdfast.surfaces.cli.scan import Wish, tell


def run(doors: Doors) -> int:
    """Show the broken shop; findings are what it is for, so they are no failure here."""
    console = Plain()
    console.print("A simulated cluster with a small shop in it. Something is broken. Looking:\n")
    snapshot = asyncio.run(look_at(doors.demo(), facts.kinds_read(), None))
    code = tell(snapshot, Wish(), doors.preferences(), NothingBefore())
    worst = survey(snapshot).troubles[0]
    console.print(
        "\nWhat to type next:\n"
        f"  holdfast explain {worst.code}    what the worst of it means\n"
        "  holdfast scan                  the same for your own cluster: it only reads\n"
        "  holdfast scan -o json          for programs\n"
        "  holdfast rbac reader           the least rights that a scan needs"
    )
    return COULD_NOT_LOOK if code == COULD_NOT_LOOK else NOTHING
