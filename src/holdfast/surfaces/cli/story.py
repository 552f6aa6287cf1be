"""The story of the demo: one repair that helps, one that is refused, one that is taken back.

It says and does nothing that people could not type. Each command is a process of its own, as it
would be theirs; what it is done on stands behind a stage.
"""

from collections.abc import Sequence

import msgspec

from holdfast.errors import HoldfastError
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import FINDINGS, NOT_RECOVERED, NOTHING, REFUSED
from holdfast.surfaces.cli.repairs.listing import ProposalsOut
from holdfast.surfaces.cli.report import ScanOut
from holdfast.surfaces.cli.stage import Stage

HEALED, KEPT, HOPELESS = "checkout", "orders", "payments"
"""The three deployments of the story, in the namespace of the shop."""
SHOP = "shop"


class OffScript(HoldfastError):
    """The demo did not go as it should."""


def tell(stage: Stage) -> int:
    """Tell it to its end. Raises `OffScript` where something comes out otherwise."""
    say = Plain().print
    say(f"A small shop on {stage.cluster}. {stage.timings}\n")
    _expect(stage, "what hurts", ["scan", "-n", SHOP], FINDINGS)
    found = troubles(stage)
    missing = {HEALED, KEPT, HOPELESS} - found.keys()
    if missing:
        raise _off(stage, f"the scan found no trouble of {', '.join(sorted(missing))}")

    say(f"\n--- One: {HEALED} was given an image that does not exist ---")
    _repaired(stage, found[HEALED], ends=NOTHING)
    say(f"\n--- Two: {KEPT} has the same fault, and Argo CD keeps it as it is in Git ---")
    _expect(stage, "a refusal", _asked(found[KEPT]), REFUSED)
    say(f"\n--- Three: {HOPELESS} crashes, and its last version crashes by now as well ---")
    _repaired(stage, found[HOPELESS], ends=NOT_RECOVERED)

    say("\n--- What is left of it: a record that anybody can verify ---")
    people = stage.folder / "policy" / "people.yaml"
    chain, keys = str(stage.folder / "audit.jsonl"), str(stage.folder / "keys" / "public")
    verify = ["audit", "verify", chain, "--key", keys, "--people", str(people)]
    _expect(stage, "the record verified", verify, NOTHING)
    say(
        f"\nIn {stage.folder} are the chain (audit.jsonl), the public keys, the people and the "
        "policy.\nWithout Holdfast, with one file of Python and the public key:\n"
        f"  {' '.join(stage.verify)}"
    )
    return NOTHING


def troubles(stage: Stage) -> dict[str, str]:
    """The troubles of deployments that there are now, by name."""
    told = stage.hear(["scan", "-n", SHOP, "-o", "json"]).out
    report = msgspec.json.decode(told, type=ScanOut)
    about = {each.id: each.about for each in report.findings}
    return {
        about[one].name: each.id
        for each in report.troubles
        for one in (each.cause, *(symptom.finding for symptom in each.symptoms))
        if about[one].kind == "Deployment"
    }


def _repaired(stage: Stage, trouble: str, *, ends: int) -> None:
    """Proposed, approved with a signature, and followed to that end."""
    _expect(stage, "a proposal", _asked(trouble), NOTHING)
    told = stage.hear(["proposals", "--last", "1", "-o", "json"]).out
    proposal = msgspec.json.decode(told, type=ProposalsOut).proposals[0].id
    approve = ["approve", proposal, "--key", str(stage.key), "--yes"]
    _expect(stage, "a signed yes", approve, NOTHING)
    _expect(stage, "its end", ["watch", proposal], ends)


def _asked(trouble: str) -> Sequence[str]:
    return ["propose", trouble, "-n", SHOP, "--action", "RolloutUndo"]


def _expect(stage: Stage, what: str, arguments: Sequence[str], code: int) -> None:
    Plain().print(f"\n$ holdfast {' '.join(arguments)}")
    ended = stage.show(arguments)
    if ended != code:
        raise _off(stage, f"`holdfast {arguments[0]}` ended with {ended}: it was to show {what}")


def _off(stage: Stage, why: str) -> OffScript:
    return OffScript(
        f"The demo went another way: {why}.",
        remedy=f"Read {stage.folder / 'keeper.log'}, and report it if it stays so.",
    )
