"""Why an image could not be pulled, from what the kubelet and its runtime say of it.

The runtimes' words differ, and names of images and registries are other people's text: what
looks like a name is taken out before the words are read, so that an image called
`unauthorized` is not a reason.
"""

from enum import StrEnum


class Pull(StrEnum):
    """What it takes to pull the image after all."""

    CREDENTIALS = "credentials"
    NOT_FOUND = "not found"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate limited"
    NAME_INVALID = "name invalid"
    OTHER = "other"


REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
    }
)
"""The kubelet's reasons that are judged here; others say all that there is to say."""

_LONGEST = 8192  # no registry's reason begins after that
_NO_NAMES = frozenset({"i/o", "net/http:"})  # words with a slash

# In this order: a token that could not be fetched for lack of a network is no want of credentials.
_SIGNS: tuple[tuple[Pull, tuple[str, ...]], ...] = (
    (Pull.NAME_INVALID, ("invalid reference format", "couldn't parse image")),
    (Pull.RATE_LIMITED, ("toomanyrequests", "too many requests", "pull rate limit")),
    (
        Pull.UNREACHABLE,
        (
            "dial tcp",
            "no such host",
            "i/o timeout",
            "connection refused",
            "connection reset",
            "no route to host",
            "network is unreachable",
            "tls handshake timeout",
            "x509:",
            "http response to https client",
            "deadline exceeded",
            "request canceled while waiting",
            "proxyconnect",
            "server misbehaving",
            "registry is unavailable",
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway",
            ": eof",
            "unexpected eof",
        ),
    ),
    (
        Pull.CREDENTIALS,
        (
            "unauthorized",
            "authentication required",
            "no basic auth credentials",
            "denied",
            "authorization failed",
            "failed to authorize",
            "forbidden",
        ),
    ),
    (
        Pull.NOT_FOUND,
        (
            "not found",
            "manifest unknown",
            "name unknown",
            "repository does not exist",
            "no match for platform",
            "no such image",
        ),
    ),
)


def pull(reason: str, text: str, image: str) -> Pull:
    """What the kubelet's reason and the registry's text say; other when they say nothing known."""
    if reason == "InvalidImageName":
        return Pull.NAME_INVALID
    if reason == "RegistryUnavailable":
        return Pull.UNREACHABLE
    said = _without_names(text[:_LONGEST], image).lower()
    found = next((p for p, signs in _SIGNS if any(s in said for s in signs)), Pull.OTHER)
    if found is Pull.CREDENTIALS and _everybodys(image):
        # Docker Hub hides whether a repository exists; its own library is open to all.
        return Pull.NOT_FOUND
    return found


def _without_names(text: str, image: str) -> str:
    names = (image, f"{image}:")
    return " ".join(_word(word, names) for word in text.split())


def _word(word: str, names: tuple[str, str]) -> str:
    if word in names or _is_name(word):
        return ":" if word.endswith(":") else ""
    return word


def _is_name(word: str) -> bool:
    return word.startswith(('"', "'", "\\")) or ("/" in word and word not in _NO_NAMES)


def _everybodys(image: str) -> bool:
    name = image.removeprefix("docker.io/").removeprefix("index.docker.io/")
    return "/" not in name.removeprefix("library/")
