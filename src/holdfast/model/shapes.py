"""Shapes of what people write in files, each with the words that say it: nobody reads a pattern."""

from collections.abc import Mapping
from types import MappingProxyType

from holdfast.model import namespaces

NAME = r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?\Z"
NAMESPACE = rf"^{namespaces.NAME}\Z"
SPAN = r"^[1-9][0-9]{0,5}[smhd]\Z"

WORDS: Mapping[str, str] = MappingProxyType(
    {
        NAME: "a name of at most 64 small letters and digits, with dots, dashes and underscores "
        "only within it",
        NAMESPACE: "the name of a namespace: at most 63 small letters and digits, with dashes only "
        "within it",
        SPAN: "a span such as 90s, 30m, 12h or 7d, without a zero in front",
    }
)
