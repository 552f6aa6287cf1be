"""Logic that stands twice under src/: runs of statements that are equal but for their names.

    python -m tools.repeats [FOLDER]

Names of variables and functions, and the values of constants, do not count; attributes, keywords
and the order of things do. Only functions are looked at: declarations are alike by nature. What
may stay twice is named in `tools/repeats.allowed`, with the reason; what is named there in vain
has to go.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "holdfast"
ALLOWED = ROOT / "tools" / "repeats.allowed"
SEED = 3  # statements: what a run begins with
HEAVY = 30  # nodes of the tree: some six lines
SPLIT = " ~ "

_APART = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})  # statements of their own
_SAID = frozenset({"annotation", "returns", "ctx", "type_comment"})  # says nothing of what is done


class Statement(NamedTuple):
    """One statement, or the head of one that holds others."""

    shape: str
    weight: int
    depth: int
    line: int


class Function(NamedTuple):
    """A function's statements, flattened; what is defined within it belongs to it."""

    name: str  # `room/module.py:function`
    statements: Sequence[Statement]


class Repeat(NamedTuple):
    """A run that stands in two places."""

    one: Function
    other: Function
    starts: tuple[int, int]
    length: int

    @property
    def weight(self) -> int:
        """How much stands twice."""
        run = self.one.statements[self.starts[0] :][: self.length]
        return sum(statement.weight for statement in run)

    @property
    def pair(self) -> str:
        """How it is named in the list of what is allowed."""
        return SPLIT.join(sorted((self.one.name, self.other.name)))

    @property
    def says(self) -> str:
        """Where to look."""
        one, other = (
            f"{of.name} line {of.statements[at].line}"
            for of, at in zip((self.one, self.other), self.starts, strict=True)
        )
        return f"{one}{SPLIT}{other}: {self.length} statements, weight {self.weight}"


def functions(folder: Path) -> list[Function]:
    """Every outermost function below a folder."""
    return [
        Function(f"{path.relative_to(folder).as_posix()}:{node.name}", list(_flat(node.body, 0)))
        for path in sorted(folder.rglob("*.py"))
        for node in _outermost(ast.parse(path.read_text(encoding="utf-8")))
    ]


def repeats(among: Sequence[Function]) -> list[Repeat]:
    """The runs that stand twice and weigh enough, heaviest first."""
    seeds: dict[tuple[tuple[str, int], ...], list[tuple[int, int]]] = defaultdict(list)
    for number, function in enumerate(among):
        for at in range(len(function.statements) - SEED + 1):
            seeds[_run(function, at, SEED)].append((number, at))
    found = []
    for places in seeds.values():
        for (a, at), (b, other_at) in combinations(places, 2):
            one, other = among[a], among[b]
            if at and other_at and _run(one, at - 1, 2) == _run(other, other_at - 1, 2):
                continue  # the middle of a longer run
            length = _length(one, at, other, other_at)
            repeat = Repeat(one, other, (at, other_at), length)
            if repeat.weight >= HEAVY:
                found.append(repeat)
    return sorted(found, key=lambda each: (-each.weight, each.pair))


def allowed(path: Path) -> dict[str, str]:
    """The pairs that may stay, each with the reason; a line is `one ~ other: reason`."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        pair, _, reason = line.partition(": ")
        if SPLIT not in pair or not reason.strip():
            raise SystemExit(f"{path.name}, line {number}: wanted `one ~ other: reason`")
        pairs[SPLIT.join(sorted(pair.split(SPLIT)))] = reason
    return pairs


def judged(found: Sequence[Repeat], pairs: dict[str, str]) -> list[str]:
    """What is wrong: repeats that nobody allowed, and what is allowed in vain."""
    wrong = [each.says for each in found if each.pair not in pairs]
    there = {each.pair for each in found}
    return wrong + [f"allowed in vain: {pair}" for pair in sorted(pairs.keys() - there)]


def _outermost(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        else:
            yield from _outermost(child)


def _flat(body: Sequence[ast.stmt], depth: int) -> Iterator[Statement]:
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        shape = list(_shape(node))
        yield Statement("".join(shape), len(shape), depth, node.lineno)
        for field in ("body", "orelse", "finalbody"):
            yield from _flat(getattr(node, field, ()), depth + 1)
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _flat(part.body, depth + 1)


def _shape(node: ast.AST) -> Iterator[str]:
    """One word for each node, so that equal shapes are equal texts."""
    yield f"({_word(node)}"
    for field, value in ast.iter_fields(node):
        if field in _SAID or (field in _APART and isinstance(node, ast.stmt)):
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST):
                yield from _shape(child)


def _word(node: ast.AST) -> str:
    match node:
        case ast.Attribute(attr=name):
            return f".{name}"
        case ast.keyword(arg=name):
            return f"{name}="
        case ast.Constant(value=None | True | False):
            return repr(node.value)
        case ast.Constant():
            return type(node.value).__name__
        case _:
            return type(node).__name__


def _run(function: Function, at: int, length: int) -> tuple[tuple[str, int], ...]:
    """Shapes and depths, as deep as they are beneath the first."""
    run = function.statements[at : at + length]
    return tuple((statement.shape, statement.depth - run[0].depth) for statement in run)


def _length(one: Function, at: int, other: Function, other_at: int) -> int:
    """How far two places go on alike; within one function, not into each other."""
    most = min(len(one.statements) - at, len(other.statements) - other_at)
    if one is other:
        most = min(most, abs(other_at - at))
    length = 0
    while length < most and _run(one, at, length + 1) == _run(other, other_at, length + 1):
        length += 1
    return length


def main() -> None:
    """Say what stands twice; 1 when something does."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    wrong = judged(repeats(functions(folder)), allowed(ALLOWED))
    for line in wrong:
        print(line)
    if wrong:
        print("What two places share has one home: further down, in model/ or topology/.")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
