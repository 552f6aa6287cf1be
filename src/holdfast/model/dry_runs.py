"""What an API server says where a dry run cannot be had."""

import re

_DENIED = re.compile(r'admission webhook "[^"]+" denied the request')
_NO_DRY_RUN = re.compile(r'admission webhook "([^"]+)" does not support dry run')


def without_dry_run(said: str) -> str:
    """Why nobody can tell what would come of it: the webhook that knows no dry run; else empty."""
    webhook = _NO_DRY_RUN.search(said)
    if webhook is None:
        return ""
    return (
        f"the webhook {webhook[1]} supports no dry run, so that nobody can tell beforehand what "
        "would come of it"
    )


def denied_by_a_webhook(said: str) -> str:
    """What a webhook says that lets nobody do it; empty if it is not the one that says no."""
    return f"the API server says no to it: {said}" if _DENIED.search(said) else ""
