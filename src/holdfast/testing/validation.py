"""What the API server says of names, labels, finalizers and owners that are not of their form.

Specs are not validated: an object that a real API server would refuse for what its spec says is
taken here. Tests of claims about that belong on the lab.
"""

import re
from collections.abc import Iterator

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.resources import Names, Resource
from holdfast.testing.status import StatusError, bad_request, invalid

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")

type Cause = tuple[str, str, str]
"""(field, reason, message)"""


class _Owner(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    """The types that metadata has; what people get wrong most is a number for a text."""

    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    generation: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    owner_references: list[_Owner] | None = None


def refuse_malformed(resource: Resource, body: Json) -> None:
    """400 for metadata that cannot even be read."""
    try:
        msgspec.convert(body.get("metadata") or {}, _Metadata)
    except msgspec.ValidationError as wrong:
        where = str(wrong).replace("$", "$.metadata", 1)
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a '
            f"{resource.kind}: json: {where}"
        ) from wrong


def refuse_invalid(resource: Resource, document: Json) -> None:
    """422 with every cause, as the API server would."""
    metadata = document["metadata"]
    causes = (
        *_name(resource, str(metadata["name"])),
        *_labels(metadata.get("labels") or {}),
        *_annotations(metadata.get("annotations") or {}),
        *_finalizers(metadata.get("finalizers") or []),
        *_owners(metadata.get("ownerReferences") or []),
        *_misplaced(resource, document),
    )
    if causes:
        raise invalid(resource.group, resource.kind, str(metadata["name"]), *causes)


def nameless(resource: Resource) -> StatusError:
    """422 for an object with neither name nor generateName."""
    message = "Required value: name or generateName is required"
    cause = ("metadata.name", "FieldValueRequired", message)
    return invalid(resource.group, resource.kind, "", cause)


def unversioned(resource: Resource, name: str) -> StatusError:
    """422 for a custom object that is replaced without saying which version is meant."""
    message = "Invalid value: 0: must be specified for an update"
    cause = ("metadata.resourceVersion", "FieldValueInvalid", message)
    return invalid(resource.group, resource.kind, name, cause)


def late_finalizers(resource: Resource, name: str, added: list[str]) -> StatusError:
    """422 for a finalizer that comes when the object is going already."""
    listed = ", ".join(f'"{each}"' for each in added)
    message = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new "
        f"finalizers []string{{{listed}}}"
    )
    cause = ("metadata.finalizers", "FieldValueForbidden", message)
    return invalid(resource.group, resource.kind, name, cause)


def another_uid(resource: Resource, name: str, uid: str) -> StatusError:
    """422 for a patch that would make the object another one."""
    message = f'Invalid value: "{uid}": field is immutable'
    cause = ("metadata.uid", "FieldValueInvalid", message)
    return invalid(resource.group, resource.kind, name, cause, cause)


def wrong_with_name(name: str, rule: Names) -> str | None:
    """What is wrong with a name, or nothing."""
    match rule:
        case Names.PATH:
            return _as_path_segment(name)
        case Names.LABEL:
            return _too_long(name, 63) or _unlike(
                name,
                _LABEL,
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
                "'-', and must start and end with an alphanumeric character",
                "'my-name',  or '123-abc'",
            )
        case Names.SUBDOMAIN:
            return _too_long(name, 253) or _as_subdomain(name)


def _too_long(text: str, most: int, unit: str = "characters") -> str | None:
    return f"must be no more than {most} {unit}" if len(text.encode()) > most else None


def _unlike(text: str, pattern: str, rule: str, example: str) -> str | None:
    if re.fullmatch(pattern, text):
        return None
    return f"{rule} (e.g. {example}, regex used for validation is '{pattern}')"


def _as_subdomain(text: str) -> str | None:
    return _unlike(
        text,
        _SUBDOMAIN,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
        "or '.', and must start and end with an alphanumeric character",
        "'example.com'",
    )


def _as_path_segment(name: str) -> str | None:
    if name in (".", ".."):
        return f"may not be '{name}'"
    bad = next((c for c in "/%" if c in name), None)
    return f"may not contain '{bad}'" if bad else None


def _invalid_value(field: str, value: str, wrongs: Iterator[str]) -> Iterator[Cause]:
    for wrong in wrongs:
        yield field, "FieldValueInvalid", f'Invalid value: "{value}": {wrong}'


def _name(resource: Resource, name: str) -> Iterator[Cause]:
    wrong = wrong_with_name(name, resource.names)
    if wrong:
        yield "metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {wrong}'


def _labels(labels: Json) -> Iterator[Cause]:
    for key, value in labels.items():
        yield from _invalid_value("metadata.labels", key, _wrong_with_key(key))
        yield from _invalid_value("metadata.labels", value, wrong_with_label(value))


def _annotations(annotations: Json) -> Iterator[Cause]:
    for key in annotations:
        yield from _invalid_value("metadata.annotations", key, _wrong_with_key(key.lower()))


def _finalizers(finalizers: list[str]) -> Iterator[Cause]:
    for n, each in enumerate(finalizers):
        if "/" not in each and each not in _STANDARD_FINALIZERS:
            message = "name is neither a standard finalizer name nor is it fully qualified"
            yield from _invalid_value(f"metadata.finalizers[{n}]", each, iter((message,)))


def _owners(owners: list[Json]) -> Iterator[Cause]:
    for owner in owners:
        for field, empty in (
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ):
            if not owner.get(field):
                yield from _invalid_value(f"metadata.ownerReferences.{field}", "", iter((empty,)))


def _misplaced(resource: Resource, document: Json) -> Iterator[Cause]:
    if resource.qualified != "events":
        return
    about = (document.get("involvedObject") or {}).get("namespace", "")
    if document["metadata"]["namespace"] != (about or "default"):
        message = f'Invalid value: "{about}": does not match event.namespace'
        yield "involvedObject.namespace", "FieldValueInvalid", message


def _wrong_with_key(key: str) -> Iterator[str]:
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        example = "'MyName',  or 'my.name',  or '123-abc'"
        yield (
            "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must "
            f"start and end with an alphanumeric character (e.g. {example}, regex used for "
            f"validation is '{_QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. "
            "'example.com/MyName')"
        )
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash and (wrong := _as_subdomain(prefix)):
        yield f"prefix part {wrong}"
    if not name:
        yield "name part must be non-empty"
    elif wrong := _too_long(name, 63, "bytes"):
        yield f"name part {wrong}"
    unlike = _unlike(
        name,
        _QUALIFIED,
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character",
        "'MyName',  or 'my.name',  or '123-abc'",
    )
    if unlike:
        yield f"name part {unlike}"


def wrong_with_label(value: str) -> Iterator[str]:
    """What is wrong with the value of a label."""
    if wrong := _too_long(value, 63, "bytes"):
        yield wrong
    unlike = _unlike(
        value,
        f"({_QUALIFIED})?",
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character",
        "'MyValue',  or 'my_value',  or '12345'",
    )
    if unlike:
        yield unlike
