"""`OperatorPolicy` in Cedar: loaded only when it is sound, and a no in every doubt.

- What does not validate strictly against our schema is not loaded: file, line and reason are told.
- The schema goes with every question, so that a question of another shape is an error too.
- In Cedar, a `forbid` whose condition fails is left out, and what it forbade would be allowed. So
  whatever fails while a question is decided makes the answer no, whatever was decided.
- No policy at all, no decision, or a decision that nobody knows: no.
- What is nested so deeply that parsing it could end the process is never given to Cedar.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC

from cedarpy import Decision, PolicySet, Schema, is_authorized, validate_policies

from holdfast.adapters.cedar.compared import compared_in
from holdfast.adapters.cedar.nesting import DEEPEST_BRACKETS, too_deep
from holdfast.adapters.cedar.spoken import said_in
from holdfast.errors import BadInput
from holdfast.model.operator import OperatorAnswer, OperatorQuestion

# Comments and texts may hold anything: a semicolon in them ends no policy.
# A comment ends where Cedar ends it: at a carriage return too.
_PIECES = re.compile(r'//[^\n\r]*|"(?:\\.|[^"\\])*"|;')
_COMMENTS = re.compile(r"//[^\n\r]*")
_NUMBERED = re.compile(r"policy(\d+)")


class CedarPolicy:
    """A policy file's text, loaded whole."""

    def __init__(self, text: str, file: str, schema: Mapping[str, object]) -> None:
        """Raises `BadInput` for a policy that is not sound; nothing is loaded then."""
        _refuse_too_deep(text, file)
        self._schema = Schema.from_json_str(json.dumps(schema))
        statements = tuple(_statements(text))
        for line, statement in statements:
            self._refuse_unparsed(statement, f"{file}, line {line}")
        self._refuse_unsound(text, file, [line for line, _ in statements])
        self._policies = PolicySet.from_str(text)
        self.said = said_in(text, len(statements), compared_in(text))
        self.version = hashlib.sha256(text.encode()).hexdigest()

    def decide(self, question: OperatorQuestion) -> OperatorAnswer:
        """Its answer; whatever it cannot decide is a no."""
        try:
            result = is_authorized(
                _request(question), self._policies, _entities(question), self._schema
            )
        except (ValueError, TypeError) as odd:
            return OperatorAnswer(allows=False, because=f"the policy cannot be asked this: {odd}")
        diagnostics = result.diagnostics
        named = diagnostics.id_annotations_by_reason
        by = tuple(named.get(each) or each for each in diagnostics.reasons)
        if diagnostics.errors:
            because = f"a policy failed while it was asked: {diagnostics.errors[0]}"
            return OperatorAnswer(allows=False, because=because, policies=by)
        if result.decision is Decision.Allow and by:
            return OperatorAnswer(allows=True, because=f"allowed by {', '.join(by)}", policies=by)
        because = f"forbidden by {', '.join(by)}" if by else "no policy allows it"
        return OperatorAnswer(allows=False, because=because, policies=by)

    def _refuse_unparsed(self, statement: str, where: str) -> None:
        try:
            PolicySet.from_str(statement)
        except ValueError as broken:
            raise _wrong(where, str(broken)) from None

    def _refuse_unsound(self, text: str, file: str, lines: list[int]) -> None:
        checked = validate_policies(text, self._schema)
        for error in checked.errors:
            numbered = _NUMBERED.fullmatch(error.policy_id or "")
            at = int(numbered[1]) if numbered else 0
            where = f"{file}, line {lines[at]}" if at < len(lines) else file
            raise _wrong(where, _NUMBERED.sub("it", error.error))
        if not checked.validation_passed:
            raise _wrong(file, "it does not validate")


def _request(question: OperatorQuestion) -> dict[str, object]:
    at = question.at.astimezone(UTC)
    return {
        "principal": _uid("Person", question.person),
        "action": _uid("Action", question.action),
        "resource": _uid("Target", question.target.uid),
        "context": {
            "risk": question.risk.name.lower(),
            "station": question.station.value,
            "weekday": at.isoweekday(),
            "minute": at.hour * 60 + at.minute,
        },
    }


def _entities(question: OperatorQuestion) -> list[dict[str, object]]:
    target = question.target
    told = {"kind": target.kind, "name": target.name, "namespace": target.namespace}
    groups = [{"type": "Group", "id": each} for each in sorted(question.groups)]
    tiers = [{"type": "Tier", "id": each} for each in sorted(question.tiers)]
    here = {"type": "Namespace", "id": target.namespace}
    return [
        {"uid": {"type": "Person", "id": question.person}, "attrs": {}, "parents": groups},
        {"uid": {"type": "Target", "id": target.uid}, "attrs": told, "parents": [here]},
        {"uid": here, "attrs": {}, "parents": tiers},
    ]


def _uid(kind: str, name: str) -> str:
    """Cedar's text of one entity; names from outside stay inside their quotes."""
    return f"{kind}::{json.dumps(name)}"


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each policy with the line that it begins on."""
    begin = 0
    ends = [piece.end() for piece in _PIECES.finditer(text) if piece[0] == ";"]
    for end in (*ends, len(text)):
        statement = text[begin:end]
        bare = _COMMENTS.sub(lambda each: " " * len(each[0]), statement)
        if bare.strip():
            first = begin + len(bare) - len(bare.lstrip())
            yield text.count("\n", 0, first) + 1, statement
        begin = end


def _refuse_too_deep(text: str, file: str) -> None:
    at = too_deep(text)
    if at is not None:
        line = text.count("\n", 0, at) + 1
        why = f"it is nested too deeply, and {DEEPEST_BRACKETS} brackets within each other are most"
        raise _wrong(f"{file}, line {line}", why)


def _wrong(where: str, why: str) -> BadInput:
    return BadInput(
        f"{where}: the policy is not loaded: {why}.",
        remedy="Correct that line; the policy that was loaded before stays.",
    )
