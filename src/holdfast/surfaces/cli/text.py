"""Other people's text, made harmless before it is printed anywhere: on a screen or in an error.

Control characters, those that turn the direction of writing and those that nobody sees are made
visible, so that no name or message can move the cursor, colour the screen or hide what stands
beside it.
"""

import re

# C0, DEL and C1 controls, soft hyphen, line and paragraph separators, zero-width, bidirectional
# and tag characters.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_BREAKS = re.compile(r"\s*[\r\n\t]+\s*")


def clean(text: str) -> str:
    """One line of harmless text."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub(" ", text.strip()))


def refusal(failed: OSError) -> str:
    """What the system refused, in its own words, and of which file."""
    why = failed.strerror or str(failed)
    return f"The system refused: {f'{failed.filename}: ' if failed.filename else ''}{why}."
