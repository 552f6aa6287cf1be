"""What is one of several: an entry of a table, a member of an enum.

A table is a literal that stands for a choice: every dictionary and set, what a module holds under a
name, and what a membership is asked of. A tuple that is returned or unpacked is none.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

type Literal = ast.Dict | ast.Set | ast.Tuple | ast.List


@dataclass(frozen=True, slots=True)
class Members:
    """The tables of a module, and the enums that it names."""

    tables: frozenset[int]
    enums: Mapping[str, tuple[str, ...]]

    def without_one(self, node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
        """A table without each of its entries in turn, and which that is."""
        if not isinstance(node, ast.Dict | ast.Set | ast.Tuple | ast.List):
            return
        if id(node) not in self.tables:
            return
        for at, told in enumerate(_told(node)):
            yield told, _without(node, at)

    def another(self, node: ast.AST) -> ast.Attribute | None:
        """The member of the same enum that comes next; None if it is no member of one."""
        match node:
            case ast.Attribute(value=ast.Name(id=enum), attr=name, ctx=ast.Load()):
                names = self.enums.get(enum, ())
                if name not in names:
                    return None
                following = names[(names.index(name) + 1) % len(names)]
                return ast.Attribute(node.value, following, ast.Load())
            case _:
                return None


def members(tree: ast.Module, root: Path) -> Members:
    """What there is in a module, whose imports of ours stand below that folder."""
    return Members(frozenset(map(id, _tables(tree))), dict(_enums(tree, root)))


def _tables(tree: ast.Module) -> Iterator[Literal]:
    for node in ast.walk(tree):
        match node:
            case ast.Dict() | ast.Set():
                yield node
            case ast.Compare(ops=ops, comparators=asked):
                for op, each in zip(ops, asked, strict=True):
                    if isinstance(op, ast.In | ast.NotIn) and isinstance(
                        each, ast.Tuple | ast.List
                    ):
                        yield each
            case _:
                pass
    for held in tree.body:
        match held:
            case ast.Assign(targets=[ast.Name()], value=value):
                yield from _sequences(value)
            case ast.AnnAssign(value=ast.expr() as value):
                yield from _sequences(value)
            case _:
                pass


def _sequences(node: ast.AST) -> Iterator[Literal]:
    """The tuples and lists of a value. What stands in brackets after a name is a type's."""
    if isinstance(node, ast.Subscript):
        return
    if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        yield node
    for below in ast.iter_child_nodes(node):
        yield from _sequences(below)


def _told(node: Literal) -> list[str]:
    if not isinstance(node, ast.Dict):
        return [ast.unparse(each) for each in node.elts]
    pairs = zip(node.keys, node.values, strict=True)
    return [f"**{ast.unparse(v)}" if k is None else ast.unparse(k) for k, v in pairs]


def _without(node: Literal, at: int) -> ast.expr:
    match node:
        case ast.Dict(keys=keys, values=values):
            return ast.Dict([*keys[:at], *keys[at + 1 :]], [*values[:at], *values[at + 1 :]])
        case ast.Set(elts=elts):
            return ast.Set([*elts[:at], *elts[at + 1 :]])
        case ast.Tuple(elts=elts):
            return ast.Tuple([*elts[:at], *elts[at + 1 :]], ast.Load())
        case ast.List(elts=elts):
            return ast.List([*elts[:at], *elts[at + 1 :]], ast.Load())


def _enums(tree: ast.Module, root: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each enum that a module makes or imports from ours, and its members."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                if names := _names(node):
                    yield name, names
            case ast.ImportFrom(module=str(module), names=imported) if module.startswith(
                "holdfast."
            ):
                path = root.joinpath(*module.split(".")[1:]).with_suffix(".py")
                if path.exists():
                    there = dict(_enums(ast.parse(path.read_text()), root))
                    yield from (
                        (each.asname or each.name, there[each.name])
                        for each in imported
                        if each.name in there
                    )
            case _:
                pass


def _names(node: ast.ClassDef) -> tuple[str, ...]:
    """The members of an enum, in their order; nothing if it is none or has but one."""
    if not any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in node.bases):
        return ()
    names = tuple(
        each.targets[0].id
        for each in node.body
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
    )
    return names if len(names) > 1 else ()
