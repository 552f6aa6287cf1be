"""Which objects are meant: `Kind/name`, `Kind.group/name`, `Kind/namespace/name`, `Kind/name-*`."""

import re
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from holdfast.model.objects import Ref

_FORM = re.compile(
    r"(?P<kind>[A-Z]\w*)(?:\.(?P<group>[a-z0-9.-]+))?"
    r"/(?:(?P<namespace>[^/*]+)/)?(?P<name>[^/*]*)(?P<rest>\*)?"
)


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """Objects of one kind by name; without a namespace, those of the trial's own and of none."""

    kind: str
    group: str | None = None  # None: whichever has the kind
    namespace: str | None = None
    name: str
    open: bool = False  # any rest of the name will do

    @classmethod
    def of(cls, text: str) -> Self:
        """As it is written in a trial."""
        found = _FORM.fullmatch(text)
        if found is None or not (found["name"] or found["rest"]):
            raise ValueError(f"{text!r} is no Kind/name")
        return cls(
            kind=found["kind"],
            group=found["group"],
            namespace=found["namespace"],
            name=found["name"],
            open=bool(found["rest"]),
        )

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{kind}/{where}{self.name}{'*' if self.open else ''}"

    def names(self, name: str) -> bool:
        """Whether an object of that name is meant."""
        return name.startswith(self.name) if self.open else name == self.name

    def means(self, ref: Ref, own: str) -> bool:
        """Whether this object is meant, in a trial whose own namespace is that one."""
        group = ref.api_version.rpartition("/")[0]
        wanted = (self.namespace,) if self.namespace else ("", own)
        return (
            ref.kind == self.kind
            and self.group in (None, group)
            and ref.namespace in wanted
            and self.names(ref.name)
        )


def reference(document: Mapping[str, Any]) -> Ref:
    """Who a document is about."""
    metadata = document["metadata"]
    return Ref(
        api_version=document["apiVersion"],
        kind=document["kind"],
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata.get("uid", ""),
    )
