"""The tree against the definition of RFC 6962, and proofs that prove nothing else."""

import hashlib
import random

import pytest

from holdfast.audit import merkle

LEAVES = [hashlib.sha256(bytes([n])).digest() for n in range(70)]


def defined(leaves: list[bytes]) -> bytes:
    """The root as the standard defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + defined(leaves[:k]) + defined(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(len(LEAVES)))
def test_has_the_root_that_the_standard_defines(size: int) -> None:
    assert defined(LEAVES[:size]) == merkle.grown(LEAVES[:size]).root


@pytest.mark.parametrize("size", range(1, len(LEAVES)))
def test_proves_each_leaf_at_its_place_and_at_no_other(size: int) -> None:
    leaves = LEAVES[:size]
    root = merkle.grown(leaves).root
    for index in range(size):
        path = merkle.inclusion(index, leaves)
        proven = [
            n for n in range(size) if merkle.proves_inclusion(n, size, leaves[index], path, root)
        ]
        assert proven == [index]


@pytest.mark.parametrize("size", range(1, len(LEAVES)))
def test_proves_that_it_continues_each_of_its_beginnings(size: int) -> None:
    leaves = LEAVES[:size]
    root = merkle.grown(leaves).root
    for old in range(1, size + 1):
        before = merkle.grown(leaves[:old]).root
        path = merkle.consistency(old, leaves)
        assert merkle.proves_consistency(old, size, before, root, path)


def test_a_changed_proof_proves_nothing() -> None:
    dice = random.Random(20261128)
    root = merkle.grown(LEAVES).root
    for index in range(len(LEAVES)):
        path = list(merkle.inclusion(index, LEAVES))
        at = dice.randrange(len(path))
        path[at] = bytes([path[at][0] ^ 1]) + path[at][1:]
        assert not merkle.proves_inclusion(index, len(LEAVES), LEAVES[index], path, root)
        assert not merkle.proves_inclusion(index, len(LEAVES), LEAVES[index], path[:-1], root)
    for old in range(1, len(LEAVES)):
        before = merkle.grown(LEAVES[:old]).root
        path = [*merkle.consistency(old, LEAVES), b"\x00" * 32]
        assert not merkle.proves_consistency(old, len(LEAVES), before, root, path)
        assert not merkle.proves_consistency(old, len(LEAVES), root, root, path[:-1])


def test_goes_on_from_its_frontier_as_if_it_held_all_leaves() -> None:
    for size in range(len(LEAVES)):
        before = merkle.grown(LEAVES[:size])
        after = merkle.Tree(size, before.frontier)
        for leaf in LEAVES[size:]:
            after.append(leaf)
        assert merkle.grown(LEAVES).root == after.root


def test_refuses_a_frontier_of_another_size() -> None:
    with pytest.raises(ValueError, match="has 2 full subtrees"):
        merkle.Tree(3, [b"\x00" * 32])


@pytest.mark.parametrize("index", [-1, 5])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion(index, LEAVES[:5])
