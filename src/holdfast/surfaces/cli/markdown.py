"""A scan as Markdown, for a ticket or a pull request. Text from the cluster stays text."""

import re
from collections.abc import Iterator, Sequence

from holdfast.model.names import placed
from holdfast.surfaces.cli.headline import exit_told
from holdfast.surfaces.cli.report import (
    About,
    CoverageOut,
    FindingOut,
    ScanOut,
    SinceOut,
    TroubleOut,
)
from holdfast.surfaces.cli.steps import parted
from holdfast.surfaces.cli.text import clean

OBJECTS = 5  # unreadable objects that are named; the JSON names more
_MEANING = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&-])")


def quoted(text: str) -> str:
    """Text in which no character means anything to Markdown, nor mentions anybody."""
    return _MEANING.sub(r"\\\1", clean(text))


def code(text: str) -> str:
    """Text as code, whatever ticks it holds."""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks} {clean(text)} {ticks}" if "`" in text else f"`{clean(text)}`"


def as_markdown(scan: ScanOut) -> str:
    """The whole scan."""
    return "\n".join(_lines(scan))


def _lines(scan: ScanOut) -> Iterator[str]:
    yield f"# Scan of {quoted(scan.cluster.name or 'cluster')}, {scan.cluster.now}"
    findings = {finding.id: finding for finding in scan.findings}
    yield ""
    yield scan.headline
    for trouble in scan.troubles:
        yield ""
        yield from _trouble(trouble, findings)
    if scan.since is not None:
        yield from _since(scan.since)
    if scan.posture:
        yield ""
        yield "## Posture"
        yield ""
        for finding in scan.posture:
            yield f"- {finding.code} {_about(finding)}: {quoted(finding.says)}"
    yield from _left_out(scan)
    unseen = [blind for blind in scan.blind if blind.state not in ("absent", "captured")]
    if unseen:
        yield ""
        yield "## Could not see"
        yield ""
        for blind in unseen:
            yield f"- {code(blind.plural)}: {blind.state.replace('_', ' ')}, {quoted(blind.why)}"
    absent = [blind.plural for blind in scan.blind if blind.state == "absent"]
    yield from _coverage(scan.coverage, absent)
    if scan.no_answer:
        yield ""
        yield quoted(exit_told(scan.no_answer))


def _since(since: SinceOut) -> Iterator[str]:
    if not since.gone and not since.unknown:
        return
    yield ""
    yield f"## No longer there since {since.when}"
    yield ""
    for each in since.gone:
        yield f"- gone: {each.code} {_place(each.about)}"
    for lost in since.unknown:
        trouble = lost.trouble
        yield f"- unknown: {trouble.code} {_place(trouble.about)}, {quoted(lost.because)}"


def _left_out(scan: ScanOut) -> Iterator[str]:
    """What people have accepted, or ignore: it is there, and may hurt."""
    if not scan.accepted and not scan.ignored:
        return
    yield ""
    yield "## Left out"
    yield ""
    for word, several in (("accepted", scan.accepted), ("ignored", scan.ignored)):
        for finding in several:
            yield f"- {word}: {finding.code} {_about(finding)}: {quoted(finding.says)}"


def _coverage(coverage: CoverageOut, absent: Sequence[str]) -> Iterator[str]:
    told = []
    if coverage.unreadable_count:
        told.append(f"- not understood: {coverage.unreadable_count}")
        for each in coverage.unreadable[:OBJECTS]:
            where = code(placed(each.namespace, each.name))
            told.append(f"  - {each.kind} {where}: {quoted(each.why)}")
    short = [rule for rule in coverage.unjudged if any(w.state != "absent" for w in rule.wants)]
    if short:
        names = ", ".join(code(rule.name) for rule in short)
        told.append(f"- rules that could not judge everything: {names}")
    if absent:
        told.append(f"- not served here: {', '.join(code(kind) for kind in absent)}")
    if coverage.not_asked:
        names = ", ".join(code(kind) for kind in coverage.not_asked)
        told.append(f"- custom kinds that were not asked for: {names}")
    told += [
        f"- an annotation that names no rule: {quoted(each)}"
        for each in coverage.misnamed[:OBJECTS]
    ]
    for off in coverage.off:
        reason = f": {quoted(off.reason)}" if off.reason else ""
        told.append(f"- switched off: {code(off.name)}{reason}")
    if told:
        yield ""
        yield "## Not judged"
        yield ""
        yield from told


def _trouble(trouble: TroubleOut, findings: dict[str, FindingOut]) -> Iterator[str]:
    cause = findings[trouble.cause]
    yield f"## {trouble.severity.upper()} {_about(cause)}: {quoted(cause.says)}"
    yield ""
    yield f"- code: {trouble.code} {trouble.name}, since {trouble.since}"
    if trouble.standing is not None:
        was = f", and was {trouble.was}" if trouble.was else ""
        yield f"- since the last scan: {trouble.standing}{was}"
    for key, value in cause.seen.items():
        yield f"- {quoted(key)}: {code(value)}"
    for other in trouble.alike:
        yield f"- also: {_about(findings[other])}"
    for symptom in trouble.symptoms:
        finding = findings[symptom.finding]
        yield f"- so: {_about(finding)}: {quoted(finding.says)}"
    for change in trouble.changed:
        whose = f"{change.about.kind} {code(change.about.name)}"
        by = f" by {quoted(change.who)}" if change.who else ""
        yield f"- after: {whose}: {quoted(change.what)}{by}, {change.seconds_before} s before"
    sentence, command = parted(cause.next)
    yield f"- next: {quoted(sentence)}{f' {code(command)}' if command else ''}"


def _about(finding: FindingOut) -> str:
    return _place(finding.about)


def _place(about: About) -> str:
    where = f"{about.namespace}/{about.name}" if about.namespace else about.name
    return f"{about.kind} {code(where)}"
