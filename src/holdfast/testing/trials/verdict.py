"""Was the one cause found, and was anything else said? Both are read from the troubles of a scan.

- A cause is right when one trouble has it on top: its object (or one alike) and its code.
- Anything else that is said of a trial is a false alarm: another trouble, a second one of the
  same cause, a symptom that the trial does not allow. In a decoy, everything is.
"""

from collections.abc import Iterable, Iterator

import msgspec

from holdfast.model.objects import Ref
from holdfast.model.rules import Finding
from holdfast.model.troubles import Trouble
from holdfast.testing.trials.pattern import Pattern
from holdfast.testing.trials.trial import Cause, Expected, Trial, named
from holdfast.testing.trials.wording import NAMESPACE


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one scan says of one trial."""

    right: bool  # the expected cause is on top; in a decoy: nothing was said
    alarms: tuple[str, ...]  # what nobody should have said, one line each

    @property
    def clean(self) -> bool:
        """Right, and not a word more."""
        return self.right and not self.alarms


def belongs(about: Ref, namespace: str) -> bool:
    """Whether an object is a trial's: in its namespace or one named after it, or so named."""
    where = about.namespace or about.name
    return (
        where == namespace
        or where.startswith(f"{namespace}-")
        or (not about.namespace and namespace in about.name)
    )


def judged(trial: Trial, troubles: Iterable[Trouble], namespace: str) -> Verdict:
    """The verdict on the troubles that are attributed to a trial in that namespace."""
    if not isinstance(trial.expect, Expected):
        said = tuple(f"said: {headline(trouble)}" for trouble in troubles)
        return Verdict(right=not said, alarms=said)
    right, alarms = False, list[str]()
    for trouble in troubles:
        if right or not _is(trial.expect.cause, trouble, namespace):
            alarms.append(f"said: {headline(trouble)}")
            continue
        right = True
        alarms += _beside(trial.expect, trouble, namespace)
    return Verdict(right=right, alarms=tuple(alarms))


def _is(cause: Cause, trouble: Trouble, namespace: str) -> bool:
    return _among(trouble.cause, cause.rights, namespace)


def _beside(expected: Expected, trouble: Trouble, namespace: str) -> Iterator[str]:
    """What hangs on the right cause and may not."""
    allowed = [named(text) for text in expected.symptoms]
    for link in trouble.symptoms:
        if not _among(link.finding, allowed, namespace):
            yield f"symptom: {_words(link.finding)}"


def blamed(cause: Cause, about: Ref, namespace: str) -> bool:
    """Whether it is right to name that object as the cause."""
    return any(_means(pattern, about, namespace) for _, pattern in cause.rights)


def _among(finding: Finding, these: Iterable[tuple[str, Pattern]], namespace: str) -> bool:
    return any(
        code == finding.code and _means(pattern, finding.about, namespace)
        for code, pattern in these
    )


def _means(pattern: Pattern, about: Ref, namespace: str) -> bool:
    return Pattern.of(str(pattern).replace(NAMESPACE, namespace)).means(about, namespace)


def headline(trouble: Trouble) -> str:
    """A trouble in one line: its cause, what it says, and what hangs on it."""
    below = ", ".join(_short(link.finding) for link in trouble.symptoms)
    return _words(trouble.cause) + (f" <- {below}" if below else "")


def _words(finding: Finding) -> str:
    return f"{_short(finding)} ({finding.says})"


def _short(finding: Finding) -> str:
    return f"{finding.code} {finding.about.kind}/{finding.about.name}"
