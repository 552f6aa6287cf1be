"""Which images cannot be pulled, by their name alone, and what containerd says about each.

The texts are those of containerd 2; a kubelet of 1.36 strips the gRPC preamble from errors of
unknown code and keeps it for others (cri-client's pullImageV1), so that only "not found" has one.
"""

import hashlib
import re
from collections.abc import Callable

from lab.kubelet.says import fault_of
from lab.kubelet.shapes import Container, Pod

# Answers whether a Secret of this name exists in the pod's namespace.
SecretExists = Callable[[str], bool]

_TAG = re.compile(r":([\w][\w.-]*)$")
_BY_TAG = {"does-not-exist": "not-found", "private": "auth", "rate-limited": "rate-limit"}
_BY_FAULT = {f"image-{kind}": kind for kind in ("not-found", "auth", "rate-limit", "network")}


def why_unpullable(pod: Pod, container: Container, secret_exists: SecretExists) -> str | None:
    """The runtime's error, or None for an image that can be had."""
    kind = _BY_FAULT.get(fault_of(pod, container) or "") or _by_name(container.image)
    reference = _normalized(container.image)
    registry, _, path = reference.partition("/")
    host = "registry-1.docker.io" if registry == "docker.io" else registry
    repository, _, tag = path.rpartition(":")
    resolving = (
        f'failed to pull and unpack image "{reference}": failed to resolve reference "{reference}"'
    )
    manifest = f"https://{host}/v2/{repository}/manifests/{tag}"
    match kind:
        case "not-found":
            return f"rpc error: code = NotFound desc = {resolving}: {reference}: not found"
        case "auth":
            by_spec = fault_of(pod, container) is None
            if by_spec and any(secret_exists(each.name) for each in pod.spec.image_pull_secrets):
                return None
            return (
                f"{resolving}: pull access denied, repository does not exist or may require "
                "authorization: server message: insufficient_scope: authorization failed"
            )
        case "rate-limit":
            return (
                f"{resolving}: unexpected status from HEAD request to {manifest}: "
                "429 Too Many Requests\ntoomanyrequests: You have reached your unauthenticated "
                "pull rate limit. https://www.docker.com/increase-rate-limit"
            )
        case "network":
            return (
                f'{resolving}: failed to do request: Head "{manifest}": '
                f"dial tcp: lookup {host} on 10.0.255.53:53: no such host"
            )
    return None


def why_misnamed(image: str) -> str | None:
    """What a kubelet says about a name that no registry could have."""
    repository = _TAG.sub("", image.partition("@")[0])
    _, slash, path = repository.rpartition("/")
    if path == path.lower() and image == image.strip() and " " not in image:
        return None
    why = "repository name must be lowercase" if path != path.lower() else ""
    if why:
        shown = repository if slash else f"library/{repository}"
        why = f"repository name ({shown}) must be lowercase"
    return (
        f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
        f"invalid reference format{': ' + why if why else ''}"
    )


def image_id(image: str) -> str:
    """A digest that is the same wherever this image is pulled."""
    repository = _TAG.sub("", _normalized(image))
    return f"{repository}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def image_size(image: str) -> int:
    """Between 5 and 85 MB, the same each time."""
    return 5_000_000 + int(hashlib.sha256(image.encode()).hexdigest()[:6], 16) * 5


def with_tag(image: str) -> str:
    """As the pull itself names it: a name without tag or digest means `latest`."""
    return image if "@" in image or _TAG.search(image) else f"{image}:latest"


def _by_name(image: str) -> str | None:
    registry = _normalized(image).partition("/")[0].partition(":")[0]
    if registry.endswith(".invalid"):
        return "network"
    tag = _TAG.search(image)
    return _BY_TAG.get(tag[1]) if tag else None


def _normalized(image: str) -> str:
    """With registry and tag: `nginx` is docker.io/library/nginx:latest."""
    first, slash, _ = image.partition("/")
    named = with_tag(image)
    if slash and ("." in first or ":" in first or first == "localhost"):
        return named
    return f"docker.io/{named}" if slash else f"docker.io/library/{named}"
