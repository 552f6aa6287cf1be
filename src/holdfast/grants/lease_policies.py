"""What a lease may do: one sort of request, to one object, and nothing else in it may differ.

- What it may ask for follows from its purpose and from what its kind declares.
- The object is told by the uid in the lease's own name: of the old object, or as the precondition
  of an eviction, which has no old object.
- Old and new are compared by all of their keys, but for the declared places and what the API server
  writes by itself. Other managers are recorded as before, but that the place is theirs no more.
- The value at the declared places is the one that the parameter object holds for that account.
- A preview only ever asks for a dry run, in the query. Where it says so, what others add to the
  object on its way is let through with it, to be shown: nothing of a dry run is kept.
"""

from collections.abc import Iterator, Sequence

from holdfast.grants.cel import place, same_but, text
from holdfast.grants.managed import NEW, others_keep
from holdfast.grants.names import KINDS, UNSET
from holdfast.grants.policies import (
    EVERYTHING,
    Policy,
    Rule,
    lease_words,
    of_leases,
    one_of,
    resources,
)
from holdfast.grants.values import MADE, expression
from holdfast.model.documents import TEMPLATE_GENERATION
from holdfast.model.kinds import DaemonSet
from holdfast.model.leases import MANAGER, SHOWING
from holdfast.model.paths import Path
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create, Delete, Evict, Patch, Step

PROPAGATION = "Background"
"""How a lease deletes: what the object owns goes after it, and is never left behind."""

_SHOWS = (
    'variables.purpose == "preview" && request.?dryRun.orValue(false) && '
    f'request.?options.?fieldManager.orValue("") == {text(SHOWING)}'
)
"""A dry run of a preview that is to show what comes of it. Who sends it may say so at will: what
keeps it from harm is that it is a dry run, and no policy but this one is needed for that.
"""
_WRITTEN_BY_THE_SERVER: tuple[Path, ...] = (
    ("metadata", "generation"),
    ("metadata", "managedFields"),
    ("metadata", "resourceVersion"),
)
_OF_A_NEW_OBJECT = ("apiVersion", "kind", "metadata", "spec", "status")
_OF_NEW_METADATA = (
    *(str(path[-1]) for path in MADE if path[0] == "metadata"),
    *("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"),
)


def lease_policies() -> Sequence[Policy]:
    """The policies for leases."""
    return [_lease(), _preview(), _values()]


def _lease() -> Policy:
    words = {
        **lease_words(),
        "may": one_of(
            'variables.purpose + "." + variables.action + " " + variables.asked',
            (each for kind in KINDS for each in _may(kind)),
        ),
        "shows": _SHOWS,
        "pinned": (
            'request.operation != "CREATE" ? oldObject.metadata.uid : '
            'request.?subResource.orValue("") == "eviction" ? '
            'object.?deleteOptions.?preconditions.?uid.orValue("") : variables.uid'
        ),
    }
    return Policy(
        name="holdfast-lease",
        matches=EVERYTHING,
        concerns=of_leases(),
        variables=words,
        rules=[
            Rule(
                holds="variables.may",
                says="a lease does what its kind of action does, and nothing else",
            ),
            Rule(
                holds="!variables.may || variables.pinned == variables.uid",
                says="a lease touches the one object whose uid it carries in its name",
            ),
            *_writers(),
            *_deletions(),
            *_evictions(),
            *_creations(),
            *(
                rule
                for kind in KINDS
                if Patch in (*kind.does, *kind.undoes)
                for rule in _patches(kind)
            ),
        ],
    )


def _preview() -> Policy:
    return Policy(
        name="holdfast-preview",
        matches=EVERYTHING,
        concerns=of_leases("preview."),
        rules=[
            Rule(
                holds="request.?dryRun.orValue(false)",
                says="a preview only ever asks for a dry run",
            )
        ],
    )


def _values() -> Policy:
    """Apart, and for few resources: without its parameter object a policy refuses everybody."""
    written = [right for kind in KINDS for right in kind.rights() if right.verb == "patch"]
    made = [(t.api.group, t.api.plural) for k in KINDS if Create in k.undoes for t in k.targets]
    rules = [
        Rule(
            holds="has(params.data) && variables.account in params.data",
            says=UNSET,
        )
    ]
    for kind in KINDS:
        for asks, paths in _rendered(kind):
            rules.append(
                Rule(
                    holds=f"!({_by(kind)} && {asks} && has(params.data) && variables.account in "
                    f"params.data) || {expression(paths)} == params.data[variables.account]",
                    says=f"a lease of {kind.name} sets the value that was approved, and no other",
                )
            )
    return Policy(
        name="holdfast-lease-values",
        matches=[
            *resources(["UPDATE"], ((right.group, right.resource) for right in written)),
            *resources(["CREATE"], made),
        ],
        concerns=of_leases(),
        variables={**lease_words(), "shows": _SHOWS},
        rules=rules,
        with_values=True,
    )


def _rendered(kind: Kind) -> Iterator[tuple[str, Sequence[Path]]]:
    steps = (*kind.does, *kind.undoes)
    if Patch in steps:
        yield 'request.operation == "UPDATE" && !variables.shows', kind.touches
    if Create in steps:
        yield 'request.operation == "CREATE"', MADE


def _may(kind: Kind) -> Iterator[str]:
    for purpose, steps in (
        ("act", kind.does),
        ("undo", kind.undoes),
        ("preview", (*kind.does, *kind.undoes)),
    ):
        for step in steps:
            for target in kind.targets:
                resource = f"{target.api.group}/{target.api.plural}"
                asked = _asked(step, resource, kind.subresource)
                yield f"{purpose}.{kind.name.lower()} {asked}"


def _asked(step: type[Step], resource: str, subresource: str) -> str:
    if step is Patch:
        return f"UPDATE {resource}/{subresource}" if subresource else f"UPDATE {resource}"
    if step is Evict:
        return f"CREATE {resource}/eviction"
    if step is Delete:
        return f"DELETE {resource}"
    return f"CREATE {resource}"


def _by(kind: Kind) -> str:
    return f"variables.action == {text(kind.name.lower())}"


def _patches(kind: Kind) -> Iterator[Rule]:
    patched = f'variables.may && !variables.shows && {_by(kind)} && request.operation == "UPDATE"'
    says = f"a lease of {kind.name} changes what its kind declares, and no other field"
    counted = [target for target in kind.targets if target is DaemonSet and not kind.subresource]
    others = [target for target in kind.targets if target not in counted]
    for targets, more in ((others, ()), (counted, (TEMPLATE_GENERATION,))):
        of_them = one_of("request.resource.resource", (each.api.plural for each in targets))
        left_out = (*kind.touches, *_WRITTEN_BY_THE_SERVER, *more)
        for same in same_but("oldObject", "object", left_out) if targets else ():
            yield Rule(holds=f"!({patched} && {of_them}) || ({same})", says=says)
    ours = f"!({patched})"
    yield Rule(
        holds=f"{ours} || ({others_keep(kind.touches)})",
        says=f"a lease of {kind.name} takes no other field from whoever manages it",
    )


def _writers() -> Iterator[Rule]:
    written = (
        'request.operation == "UPDATE" || '
        '(request.operation == "CREATE" && request.?subResource.orValue("") == "")'
    )
    yield Rule(
        holds=f"!(variables.may && !variables.shows && ({written})) || "
        f'(request.?options.?fieldManager.orValue("") == {text(MANAGER)} && '
        "!request.?options.?force.hasValue())",
        says=f"a lease writes as {MANAGER}, and never applies",
    )


def _deletions() -> Iterator[Rule]:
    options = 'request.?options.?propagationPolicy.orValue("")'
    yield Rule(
        holds='!(variables.may && request.operation == "DELETE") || '
        f"{options} == {text(PROPAGATION)}",
        says="a lease leaves nothing behind of what it deletes",
    )


def _evictions() -> Iterator[Rule]:
    options = place("object", ("deleteOptions",), "{}")
    known = one_of("k", ("apiVersion", "dryRun", "kind", "preconditions"))
    evicts = 'variables.may && request.?subResource.orValue("") == "eviction"'
    yield Rule(
        holds=f"!({evicts}) || (object.metadata.name == request.name && {options}.all(k, {known}))",
        says="a lease evicts as the pod itself asks, without options of its own",
    )
    yield Rule(
        holds=f'!({evicts}) || request.?dryRun.orValue(false) || !("dryRun" in {options})',
        says="an eviction that is meant is no dry run, whoever made it one on its way",
    )


def _creations() -> Iterator[Rule]:
    creates = (
        'variables.may && request.operation == "CREATE" && request.?subResource.orValue("") == ""'
    )
    yield Rule(
        holds=f"!({creates}) || (object.all(k, {one_of('k', _OF_A_NEW_OBJECT)}) && "
        f"object.metadata.all(k, {one_of('k', _OF_NEW_METADATA)}))",
        says="a lease makes again what was there, and nothing besides",
    )
    yield Rule(
        holds=f"!({creates}) || {NEW}",
        says="a lease says of nobody else that he has made it",
    )
