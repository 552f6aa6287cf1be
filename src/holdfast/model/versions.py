"""Versions as Kubernetes and those who package it write them: `v1.33.2`, `v1.33.2-gke.100`."""

import re

_FORM = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?!\d)")


def minor(version: str) -> tuple[int, int] | None:
    """Major and minor; None for what is no version."""
    form = _FORM.match(version)
    return (int(form[1]), int(form[2])) if form else None
