"""Signs that show nothing: two names that differ by them alone look the same."""

import unicodedata

# Default_Ignorable_Code_Point of Unicode 16, those of category Cf apart, with the ranges kept for
# more of them; and the blank of Braille, which is a letter that nobody sees.
_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)


def shows_nothing(sign: str) -> bool:
    """Whether a reader cannot see it."""
    number = ord(sign)
    return unicodedata.category(sign) == "Cf" or any(a <= number <= b for a, b in _RANGES)
