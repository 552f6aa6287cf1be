"""JSON without what lies too deep in it: what a decoder cannot climb down to, no rule reads.

A custom resource may be nested more deeply than any stack of ours is high. It costs its depths
then, and neither itself nor the list that it stands in.
"""

import re

DEEPEST = 100  # levels; the deepest field that is read lies at a fifth of that

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def shallow(body: bytes) -> bytes:
    """The same text, with `null` for each value that lies deeper; broken JSON stays broken."""
    kept: list[bytes] = []
    depth = begins = 0  # `begins`: where what is kept next begins
    for token in _TOKEN.finditer(body):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                if depth == DEEPEST + 1:
                    kept += (body[begins : token.start()], b"null")
            case b"]" | b"}":
                depth -= 1
                if depth == DEEPEST:
                    begins = token.end()
    if depth > DEEPEST:
        return body  # it never comes up again: no JSON
    return b"".join((*kept, body[begins:]))
