"""What a word on the command line means among what is found: an id, or CODE:Kind/namespace/name."""

import difflib
from collections.abc import Iterator, Mapping

from holdfast import facts
from holdfast.diagnosis.survey import Survey
from holdfast.errors import BadInput
from holdfast.model.names import few
from holdfast.model.objects import Ref
from holdfast.model.rules import Finding

NEAR = 3  # ids that may be meant


def meant(word: str, told: Survey) -> Iterator[tuple[str, Finding]]:
    """The ids that a word means now, each with the finding that tells what it is.

    Who names the cause of a trouble means the trouble: what follows from it would be left over as
    one of its own, and the pods of a workload come and go.
    """
    found = {finding.id: finding for finding in (*told.findings, *told.posture)}
    causes = {trouble.id: trouble.cause for trouble in told.troubles}
    there = found | causes
    if word in there:
        yield word, there[word]
        return
    code, colon, place = word.partition(":")
    if not colon:
        raise BadInput(f"Nothing of the id {word!r} is found now.", remedy=_near(word, there))
    rule = facts.named(code)
    here = [finding for finding in found.values() if finding.code == rule.code]
    named = [finding for finding in here if written(finding.about) == place]
    if not named:
        near = few((f"{rule.code}:{written(f.about)}" for f in here), 5)
        raise BadInput(
            f"{rule.name} finds nothing about {place!r} now.",
            remedy=f"It finds: {near}." if near else "It finds nothing at all.",
        )
    troubles = {f.id: t.id for t in told.troubles for f in (t.cause, *t.alike)}
    yield from ((troubles.get(finding.id, finding.id), finding) for finding in named)


def _near(word: str, there: Mapping[str, Finding]) -> str:
    near = difflib.get_close_matches(word, there, NEAR, 0.7)
    told = "; ".join(f"{id_} ({there[id_].code}:{written(there[id_].about)})" for id_ in near)
    if told:
        return f"Perhaps you mean {told}."
    return "`holdfast scan -o json` has the ids; CODE:Kind/namespace/name does as well."


def written(about: Ref) -> str:
    """An object as people write it: `Pod/shop/web-1`."""
    return "/".join(part for part in (about.kind, about.namespace, about.name) if part)
