"""The tree against the definition of RFC 6962, and proofs that prove nothing else."""

import hashlib
import random

import pytest

from holdfast.audit import merkle

pytestmark = pytest.mark.slow

LEAVES = [hashlib.sha256(bytes([n])).digest() for n in range(70)]


def inclusion(index: int, leaves: list[bytes]) -> tuple[bytes, ...]:
    return merkle.roots(merkle.inclusion(index, len(leaves)), leaves, merkle.Tree())


def consistency(old: int, leaves: list[bytes]) -> tuple[bytes, ...]:
    return merkle.roots(merkle.consistency(old, len(leaves)), leaves, merkle.Tree())


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
        path = inclusion(index, leaves)
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
        path = consistency(old, leaves)
        assert merkle.proves_consistency(old, size, before, root, path)


def test_a_changed_proof_proves_nothing() -> None:
    dice = random.Random(20261128)
    root = merkle.grown(LEAVES).root
    for index in range(len(LEAVES)):
        path = list(inclusion(index, LEAVES))
        at = dice.randrange(len(path))
        path[at] = bytes([path[at][0] ^ 1]) + path[at][1:]
        assert not merkle.proves_inclusion(index, len(LEAVES), LEAVES[index], path, root)
        assert not merkle.proves_inclusion(index, len(LEAVES), LEAVES[index], path[:-1], root)
    for old in range(1, len(LEAVES)):
        before = merkle.grown(LEAVES[:old]).root
        path = [*consistency(old, LEAVES), b"\x00" * 32]
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
        merkle.inclusion(index, 5)


@pytest.mark.parametrize("old", [-1, 0, 6])
def test_a_tree_continues_none_that_is_empty_or_longer(old: int) -> None:
    with pytest.raises(ValueError, match="does not continue"):
        merkle.consistency(old, 5)
    root = merkle.grown(LEAVES[:5]).root
    assert not merkle.proves_consistency(old, 5, root, root, ())
    assert not merkle.proves_consistency(old, 5, merkle.EMPTY, root, ())


def test_nothing_proves_a_longer_tree_without_a_path() -> None:
    old, new = merkle.grown(LEAVES[:3]).root, merkle.grown(LEAVES[:5]).root
    assert not merkle.proves_consistency(3, 5, old, new, ())


def test_a_tree_continues_itself_without_a_proof() -> None:
    one, other = merkle.grown(LEAVES[:5]).root, merkle.grown(LEAVES[:4]).root
    assert [] == list(merkle.consistency(5, 5))
    assert merkle.proves_consistency(5, 5, one, one, ())
    assert not merkle.proves_consistency(5, 5, one, other, ())
    assert not merkle.proves_consistency(5, 5, one, one, (other,))


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_no_path_proves_a_leaf_that_is_not_there(index: int) -> None:
    root = merkle.grown(LEAVES[:5]).root
    for leaf in range(5):
        path = inclusion(leaf, LEAVES[:5])
        assert not merkle.proves_inclusion(index, 5, LEAVES[leaf], path, root)


def test_the_one_leaf_of_a_tree_stands_at_no_second_place() -> None:
    root = merkle.grown(LEAVES[:1]).root
    assert merkle.proves_inclusion(0, 1, LEAVES[0], (), root)
    assert not merkle.proves_inclusion(1, 1, LEAVES[0], (), root)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_a_path_that_goes_on_above_the_root_proves_nothing(size: int) -> None:
    leaves = LEAVES[:size]
    root = merkle.grown(leaves).root
    for index in range(size):
        path = [*inclusion(index, leaves), LEAVES[69]]
        assert not merkle.proves_inclusion(index, size, leaves[index], path, root)
        left, right = merkle.node_hash(LEAVES[69], root), merkle.node_hash(root, LEAVES[69])
        assert not merkle.proves_inclusion(index, size, leaves[index], path, left)
        assert not merkle.proves_inclusion(index, size, leaves[index], path, right)


@pytest.mark.parametrize(
    "size", [1, 2, 7, 8, 21, *(pytest.param(n, marks=pytest.mark.slow) for n in (64, 70))]
)
def test_proves_what_is_left_without_the_leaves_that_were_let_go(size: int) -> None:
    leaves = LEAVES[:size]
    for gone in range(size):
        start = merkle.grown(leaves[:gone])
        for index in range(gone, size):
            spans = merkle.inclusion(index, size)
            assert inclusion(index, leaves) == merkle.roots(spans, leaves[gone:], start)
        for old in range(max(gone, 1), size + 1):
            spans = merkle.consistency(old, size)
            assert consistency(old, leaves) == merkle.roots(spans, leaves[gone:], start)


def test_proves_nothing_that_takes_a_leaf_that_was_let_go() -> None:
    start = merkle.grown(LEAVES[:8])
    with pytest.raises(ValueError, match="let go"):
        merkle.roots(merkle.inclusion(3, 10), LEAVES[8:10], start)


def test_a_proof_takes_as_many_leaves_as_the_tree_has() -> None:
    with pytest.raises(ValueError, match="fewer leaves"):
        merkle.roots(merkle.inclusion(3, 10), LEAVES[:9], merkle.Tree())
