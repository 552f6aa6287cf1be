"""A Merkle tree over the chain, as RFC 6962 has it: short proofs that an entry is in it, and that
a longer chain continues a shorter one.

Leaves are the entries' hashes. Nothing here holds the tree: growing it keeps one hash for each
power of two in its size, and proofs are made from the leaves again.
"""

import hashlib
from collections.abc import Iterable, Sequence

type Span = tuple[int, int]
"""A subtree, by its first leaf and the one after its last."""

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that only grows, known by the roots of its full subtrees, the largest first."""

    def __init__(self, size: int = 0, frontier: Iterable[bytes] = ()) -> None:
        self._size = size
        self._full = list(frontier)
        if len(self._full) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} full subtrees")

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._size

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """The roots of its full subtrees."""
        return tuple(self._full)

    def append(self, data: bytes) -> None:
        """Grow by one leaf."""
        here, size = leaf_hash(data), self._size
        while size & 1:
            here = node_hash(self._full.pop(), here)
            size >>= 1
        self._full.append(here)
        self._size += 1

    @property
    def root(self) -> bytes:
        """The root over everything."""
        if not self._full:
            return EMPTY
        here = self._full[-1]
        for left in reversed(self._full[:-1]):
            here = node_hash(left, here)
        return here


def grown(leaves: Iterable[bytes]) -> Tree:
    """The tree over those leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def inclusion(index: int, size: int) -> Sequence[Span]:
    """The subtrees whose roots prove a leaf: those beside its way up, the lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    path: list[Span] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def roots(spans: Sequence[Span], leaves: Iterable[bytes], start: Tree) -> tuple[bytes, ...]:
    """The roots of those subtrees, in one pass over the leaves that come after the tree `start`.

    Raises `ValueError` if one of them cannot be told without the leaves before.
    """
    trees = {span: _within(start, span) for span in spans}
    inside = {low: trees[low, high] for low, high in spans}
    ordered = sorted(spans)
    at = 0
    for number, leaf in enumerate(leaves, start.size):
        while at < len(ordered) and ordered[at][1] <= number:
            at += 1
        if at == len(ordered):
            break
        low, _ = ordered[at]
        if low <= number:
            inside[low].append(leaf)
    if any(tree.size != high - low for (low, high), tree in trees.items()):
        raise ValueError("there are fewer leaves than the tree has")
    return tuple(trees[span].root for span in spans)


def _within(start: Tree, span: Span) -> Tree:
    """As much of a subtree as the full subtrees of a smaller tree tell."""
    low, high = span
    began, frontier, place = low, [], 0
    for bit, root in zip(_full_sizes(start.size), start.frontier, strict=True):
        end = place + bit
        if low <= place and end <= high:
            frontier.append(root)
            began = end
        elif place < high and low < end:
            raise ValueError("a leaf that is needed was let go")
        place = end
    return Tree(began - low, frontier)


def _full_sizes(size: int) -> Sequence[int]:
    """How many leaves its full subtrees have, the largest first."""
    return [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def proves_inclusion(
    index: int, size: int, data: bytes, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether the path proves that the leaf stands at that place in the tree of that root."""
    if not 0 <= index < size:
        return False
    here, place, last = leaf_hash(data), index, size - 1
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            here = node_hash(beside, here)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            here = node_hash(here, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and here == root


def consistency(old: int, size: int) -> Sequence[Span]:
    """The subtrees whose roots prove that a tree of that size continues the one of `old` leaves."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} leaves does not continue one of {old}")
    path: list[Span] = []
    low, high, whole = 0, size, True
    while old != high - low:
        middle = low + _split(high - low)
        if old <= middle - low:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            old -= middle - low
            low, whole = middle, False
    if not whole:
        path.append((low, high))
    return path[::-1]


def proves_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path proves that the tree of the new root continues that of the old one."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    rest = list(path)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if place:
        if not rest:
            return False
        first = rest.pop(0)
    else:
        first = old_root
    before = after = first
    for beside in rest:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(beside, before), node_hash(beside, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1
