"""What must hold of a body before anything is done with it: kind, place, name, options."""

from holdfast.testing.documents import Json
from holdfast.testing.removal import Deletion
from holdfast.testing.requests import Request, number, refused_option, said_dry
from holdfast.testing.resources import Resource
from holdfast.testing.status import StatusError, bad_request
from holdfast.testing.validation import refuse_malformed

SCALE = ("autoscaling/v1", "Scale")
_POLICIES = ("Foreground", "Background", "Orphan")


def manifest(request: Request, resource: Resource) -> Json:
    """The object that a write is about, of the kind and in the namespace of its path."""
    body = request.body or {}
    kind = body.get("kind") or resource.kind
    version = body.get("apiVersion") or resource.api_version
    scale = request.ask.subresource == "scale" and (version, kind) == SCALE
    if not scale and (version, kind) != (resource.api_version, resource.kind):
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: it is not '
            f"a {resource.kind} in version {resource.api_version}"
        )
    refuse_malformed(resource, body)
    named = metadata_of(body).get("namespace")
    if named and named != request.ask.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    return body


def metadata_of(body: Json) -> Json:
    """The metadata of a body, if it has any."""
    found: Json = body.get("metadata") or {}
    return found


def refuse_another_name(request: Request, body: Json) -> None:
    """400 for a body that names another object than its path."""
    name = metadata_of(body).get("name")
    if not name:
        raise bad_request(
            f"the name of the object ({request.ask.name} based on URL) was undeterminable: name "
            "must be provided"
        )
    if name != request.ask.name:
        raise bad_request(
            f"the name of the object ({name}) does not match the name on the URL "
            f"({request.ask.name})"
        )


def refuse_odd_version(body: Json) -> None:
    """500, as upstream, for a resourceVersion that is no number."""
    version = metadata_of(body).get("resourceVersion") or "0"
    if not version.isdecimal():
        raise StatusError(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')


def deletion(request: Request) -> Deletion:
    """How to delete. A body, where there is one, is all that counts: as upstream, the query is
    read only without it.
    """
    options = _from_query(request) if request.body is None else request.body
    policy = options.get("propagationPolicy")
    if policy is not None and policy not in _POLICIES:
        supported = ", ".join(f'"{each}"' for each in (*_POLICIES, "nil"))
        message = f'Unsupported value: "{policy}": supported values: {supported}'
        raise refused_option(request.ask.verb, "propagationPolicy", message)
    if policy == "Foreground":
        message = f'Unsupported value: "{policy}": the simulated cluster cannot do that'
        raise refused_option(request.ask.verb, "propagationPolicy", message)
    preconditions = options.get("preconditions") or {}
    return Deletion(
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        grace_seconds=options.get("gracePeriodSeconds"),
        orphan=policy == "Orphan" or bool(options.get("orphanDependents")),
        propagation=policy or "",
        dry=said_dry(options.get("dryRun"), of=request.ask.verb),
    )


def _from_query(request: Request) -> Json:
    query = request.query
    options: Json = {}
    if "dryRun" in query:
        options["dryRun"] = [query["dryRun"]]
    if "propagationPolicy" in query:
        options["propagationPolicy"] = query["propagationPolicy"]
    if "gracePeriodSeconds" in query:
        options["gracePeriodSeconds"] = number(query["gracePeriodSeconds"])
    return options
