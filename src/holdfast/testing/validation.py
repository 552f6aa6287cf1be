"""What the API server's validation says of names, labels and annotations.

Specs are not validated: an object that a real API server would refuse for what its spec says is
taken here. Tests of claims about that belong on the lab.
"""

import re
from collections.abc import Iterator

from holdfast.testing.documents import Json
from holdfast.testing.resources import Names, Resource
from holdfast.testing.status import StatusError, invalid

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_SERVICE = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

type Cause = tuple[str, str, str]
"""(field, reason, message)"""


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
        case Names.SERVICE:
            return _too_long(name, 63) or _unlike(
                name,
                _SERVICE,
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
                "start with an alphabetic character, and end with an alphanumeric character",
                "'my-name',  or 'abc-123'",
            )
        case Names.SUBDOMAIN:
            return _too_long(name, 253) or _unlike(
                name,
                _SUBDOMAIN,
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                "characters, '-' or '.', and must start and end with an alphanumeric character",
                "'example.com'",
            )


def _too_long(text: str, most: int) -> str | None:
    return f"must be no more than {most} characters" if len(text) > most else None


def _unlike(text: str, pattern: str, rule: str, example: str) -> str | None:
    if re.fullmatch(pattern, text):
        return None
    return f"{rule} (e.g. {example}, regex used for validation is '{pattern}')"


def _as_path_segment(name: str) -> str | None:
    if name in (".", ".."):
        return f"may not be '{name}'"
    bad = next((c for c in "/%" if c in name), None)
    return f"may not contain '{bad}'" if bad else None


def refuse_invalid(resource: Resource, document: Json) -> None:
    """422 with every cause, as the API server would."""
    causes = (*_causes(resource, document["metadata"]), *_misplaced(resource, document))
    if causes:
        raise _invalid(resource, str(document["metadata"].get("name", "")), *causes)


def _invalid(resource: Resource, name: str, *causes: Cause) -> StatusError:
    return invalid(resource.group, resource.kind, name, *causes)


def nameless(resource: Resource) -> StatusError:
    """422 for an object with neither name nor generateName."""
    required = (
        "metadata.name",
        "FieldValueRequired",
        "Required value: name or generateName is required",
    )
    return _invalid(resource, "", required)


def unversioned(resource: Resource, name: str) -> StatusError:
    """422 for a custom object that is replaced without saying which version is meant."""
    required = (
        "metadata.resourceVersion",
        "FieldValueInvalid",
        "Invalid value: 0: must be specified for an update",
    )
    return _invalid(resource, name, required)


def late_finalizers(resource: Resource, name: str, added: list[str]) -> StatusError:
    """422 for a finalizer that comes when the object is going already."""
    listed = ", ".join(f'"{each}"' for each in added)
    message = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new "
        f"finalizers []string{{{listed}}}"
    )
    cause = ("metadata.finalizers", "FieldValueForbidden", message)
    return _invalid(resource, name, cause)


def _causes(resource: Resource, metadata: Json) -> Iterator[Cause]:
    name = str(metadata["name"])
    wrong = wrong_with_name(name, resource.names)
    if wrong:
        yield "metadata.name", "FieldValueInvalid", f'Invalid value: "{name}": {wrong}'
    for key, value in (metadata.get("labels") or {}).items():
        wrong = _wrong_with_key(key)
        if wrong:
            yield "metadata.labels", "FieldValueInvalid", f'Invalid value: "{key}": {wrong}'
        wrong = _wrong_with_value(value)
        if wrong:
            yield "metadata.labels", "FieldValueInvalid", f'Invalid value: "{value}": {wrong}'
    for key in metadata.get("annotations") or {}:
        wrong = _wrong_with_key(key.lower())
        if wrong:
            yield "metadata.annotations", "FieldValueInvalid", f'Invalid value: "{key}": {wrong}'


def _misplaced(resource: Resource, document: Json) -> Iterator[Cause]:
    if resource.qualified != "events":
        return
    about = (document.get("involvedObject") or {}).get("namespace", "")
    if document["metadata"]["namespace"] != (about or "default"):
        message = f'Invalid value: "{about}": does not match event.namespace'
        yield "involvedObject.namespace", "FieldValueInvalid", message


def _wrong_with_key(key: str) -> str | None:
    prefix, slash, name = key.rpartition("/")
    if slash and not re.fullmatch(_SUBDOMAIN, prefix):
        return "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric"
    if len(name) > 63:
        return "name part must be no more than 63 characters"
    return _unlike(
        name,
        _QUALIFIED,
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "
        "end with an alphanumeric character",
        "'MyName',  or 'my.name',  or '123-abc'",
    )


def _wrong_with_value(value: str) -> str | None:
    if value == "":
        return None
    return _too_long(value, 63) or _unlike(
        value,
        f"({_QUALIFIED})?",
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character",
        "'MyValue',  or 'my_value',  or '12345'",
    )
