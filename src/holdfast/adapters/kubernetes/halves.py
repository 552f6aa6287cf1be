"""JSON in whose texts half a letter stands: a surrogate without its other half, as `\\ud800`.

No text has such a letter, and a decoder refuses all of the JSON for it. Go, in which everything of
Kubernetes is written, reads U+FFFD instead; so do we, and lose that letter and nothing else.
"""

import re

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole letter
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_REPLACEMENT = rb"\ufffd"


def whole_letters(body: bytes) -> bytes:
    """The same JSON, with U+FFFD for each half of a letter."""
    if rb"\ud" not in body and rb"\uD" not in body:
        return body
    return _ESCAPE.sub(lambda escape: _REPLACEMENT if escape[1] else escape[0], body)
