"""Versions as people package them."""

import pytest

from holdfast.model.versions import minor


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("v1.36.3", (1, 36)),
        ("1.27", (1, 27)),
        ("v1.30.2-gke.1587003", (1, 30)),
        ("v1.29.10+k3s1", (1, 29)),
        ("v1.31.0-eks-a737599", (1, 31)),
        ("", None),
        ("latest", None),
        ("v1", None),
        ("v1.99999999999", None),
    ],
)
def test_reads_major_and_minor(written: str, read: tuple[int, int] | None) -> None:
    assert read == minor(written)
