"""What of a pod template keeps its containers apart from the node, and what opens it.

Two templates are compared as they are written, so that a field that no rule knows by name is told
all the same. A container that was not there before is compared with all that were.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from holdfast.model.canonical import Plain

type _Part = Mapping[str, Plain]
type _Said = Callable[[str], Plain]

_SHARED = ("hostIPC", "hostNetwork", "hostPID", "shareProcessNamespace")
_SORTS = ("containers", "initContainers")
_LONGEST = 120  # characters of one of them
# What a container may do where nobody drops it.
_RUNTIME = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)


def weakened(before: Plain, after: Plain) -> tuple[str, ...]:
    """What the second template opens that the first does not."""
    was, now = _part(before, "spec"), _part(after, "spec")
    held = {*_of_pod(before)}
    opened = [hole for hole in _of_pod(after) if hole not in held]
    known = {name: {*_of_container(each, was)} for name, each in _containers(was)}
    anywhere = {hole for holes in known.values() for hole in holes}
    for name, each in _containers(now):
        holes = known.get(name, anywhere)
        opened += [f"{hole} in {name}" for hole in _of_container(each, now) if hole not in holes]
    return tuple(dict.fromkeys(hole[:_LONGEST] for hole in opened))


def _of_pod(template: Plain) -> Iterator[str]:
    spec = _part(template, "spec")
    security = _part(spec, "securityContext")
    yield from (each for each in _SHARED if spec.get(each) is True)
    if spec.get("hostUsers") is not False:
        yield "the users of its node"
    if spec.get("automountServiceAccountToken") is not False:
        yield "a token of its account"
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        yield f"the account {account}"
    for volume in _parts(spec, "volumes"):
        if volume.get("hostPath") is not None:
            yield f"the hostPath {_part(volume, 'hostPath').get('path')}"
    for each in _parts(security, "sysctls"):
        yield f"the sysctl {each.get('name')}={each.get('value')}"
    annotations = _part(_part(template, "metadata"), "annotations")
    for name, value in annotations.items():
        if "apparmor" in name and value == "unconfined":
            yield f"{name}: unconfined"


def _of_container(container: _Part, spec: _Part) -> Iterator[str]:
    own, of_pod = _part(container, "securityContext"), _part(spec, "securityContext")

    def said(name: str) -> Plain:
        return own[name] if own.get(name) is not None else of_pod.get(name)

    user = said("runAsUser")
    if own.get("privileged") is True:
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "a root file system that can be written"
    if user == 0:
        yield "runAsUser 0"
    if said("runAsGroup") == 0:
        yield "runAsGroup 0"
    if said("runAsNonRoot") is not True and (user is None or user == 0):
        yield "may run as root"
    if own.get("procMount") not in (None, "Default"):
        yield f"procMount {own.get('procMount')}"
    yield from _profiles(said)
    yield from _capabilities(_part(own, "capabilities"))
    for port in _parts(container, "ports"):
        if port.get("hostPort"):
            yield f"hostPort {port.get('hostPort')}"


def _profiles(said: _Said) -> Iterator[str]:
    seccomp = _kind(said("seccompProfile"))
    if seccomp in (None, "Unconfined"):
        yield "no seccomp profile"
    if "Unconfined" in (seccomp, _kind(said("appArmorProfile"))):
        yield "a profile that is Unconfined"
    if options := said("seLinuxOptions"):
        yield f"seLinuxOptions {options}"
    windows = said("windowsOptions")
    if isinstance(windows, Mapping) and windows.get("hostProcess") is True:
        yield "hostProcess"


def _capabilities(written: _Part) -> Iterator[str]:
    """Those that are added, and that those of the runtime are kept."""
    for each in _texts(written, "add"):
        yield f"the capability {each}"
    dropped = _texts(written, "drop")
    if "ALL" not in dropped:
        yield from (f"{each}, which is not dropped" for each in _RUNTIME if each not in dropped)


def _containers(spec: _Part) -> Iterator[tuple[Plain, _Part]]:
    for sort in _SORTS:
        yield from ((each.get("name"), each) for each in _parts(spec, sort))


def _kind(profile: Plain) -> Plain:
    return profile.get("type") if isinstance(profile, Mapping) else None


def _part(whole: Plain, name: str) -> _Part:
    found = whole.get(name) if isinstance(whole, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _parts(whole: _Part, name: str) -> Sequence[_Part]:
    return [each for each in _listed(whole, name) if isinstance(each, Mapping)]


def _texts(whole: _Part, name: str) -> Sequence[str]:
    return [each for each in _listed(whole, name) if isinstance(each, str)]


def _listed(whole: _Part, name: str) -> Sequence[Plain]:
    found = whole.get(name)
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()
