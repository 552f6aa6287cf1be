"""What can be changed in a module, one place at a time, so that a test should notice.

A mutant is known by its file, its function, the line's text and the change: its key stays the same
while other lines move. Left alone are docstrings, annotations, messages for people (a text with a
space in it), and what only says how a class is made.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from tests.mutation.members import Members, members

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
    ast.Mod: ast.Add,
}
_CALLED = {"any": "all", "all": "any", "min": "max", "max": "min"}
_MADE = {"frozen", "kw_only", "slots", "omit_defaults", "tag", "order", "repr"}


@dataclass(frozen=True, slots=True)
class Function:
    """A function that stands in no other: where it begins (its decorators too) and ends."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file."""

    file: str  # below src/holdfast
    key: str
    lines: range  # that are changed
    function: Function | None  # in whose body they stand; None if they run as the module is loaded
    made: "_Made" = field(compare=False, repr=False)

    def code(self, path: Path) -> CodeType:
        """The changed module, with the lines of the one that was changed."""
        return compile(self.made.tree(), str(path), "exec")


@dataclass(frozen=True, slots=True)
class _Made:
    """How a mutant is made of a module: nothing is copied before somebody wants it."""

    whole: ast.Module
    place: "_Place | None"  # None: as it is
    change: "_Change | None"

    def tree(self) -> ast.Module:
        copied = copy.deepcopy(self.whole)
        if self.place is not None and self.change is not None:
            node = next(n for at, n in enumerate(ast.walk(copied)) if at == self.place.at)
            self.change.apply(copied, node)
        return ast.fix_missing_locations(copied)


def mutants(path: Path, root: Path) -> Iterator[Mutant]:
    """Every mutant of a module."""
    text = path.read_text()
    lines = text.split("\n")
    file = str(path.relative_to(root))
    tree = ast.parse(text)
    bodies = _bodies(tree)
    seen: Counter[str] = Counter()
    for place, change in _points(tree, root):
        line = lines[place.lines[0] - 1].strip()
        told = f"{file}:{place.inside}: {line} -> {change.says}"
        seen[told] += 1
        key = told if seen[told] == 1 else f"{told} ({seen[told]})"
        made = _Made(tree, place, change)
        yield Mutant(file, key, place.lines, bodies.get(place.at), made)


def unchanged(path: Path, root: Path) -> Mutant:
    """A module as it is: nobody may notice that."""
    file = str(path.relative_to(root))
    whole = ast.parse(path.read_text())
    return Mutant(file, file, range(1, 1), None, _Made(whole, None, None))


@dataclass(frozen=True, slots=True)
class _Place:
    at: int  # in the order of a walk
    lines: range
    inside: str


@dataclass(frozen=True, slots=True)
class _Change:
    """What is done to a node: another one in its place, or the node itself made otherwise."""

    says: str
    put: ast.AST

    def apply(self, tree: ast.AST, node: ast.AST) -> None:
        for parent in ast.walk(tree):
            for name, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, name, self._instead(node))
                elif isinstance(value, list) and any(each is node for each in value):
                    at = next(i for i, each in enumerate(value) if each is node)
                    value[at] = self._instead(node)

    def _instead(self, node: ast.AST) -> ast.AST:
        put = copy.deepcopy(self.put)
        return ast.copy_location(put, node) if isinstance(node, ast.expr | ast.stmt) else put


def _points(tree: ast.Module, root: Path) -> Iterator[tuple[_Place, _Change]]:
    skipped, inside, known = _skipped(tree), _insides(tree), members(tree, root)
    for at, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        for change in (*_changes(node), *_among(node, known)):
            yield _Place(at, _lines(node), inside.get(id(node), "module")), change


def _lines(node: ast.AST) -> range:
    placed = [each for each in ast.walk(node) if isinstance(each, ast.expr | ast.stmt)]
    first = min((each.lineno for each in placed), default=1)
    return range(first, max((each.end_lineno or first for each in placed), default=1) + 1)


def _bodies(tree: ast.Module) -> dict[int, Function]:
    """In the body of which outermost function each node stands, by its place in a walk.

    What a function's decorators, defaults and annotations say runs before it is ever called.
    """
    inside: dict[int, Function] = {}

    def go(node: ast.AST) -> None:
        for below in ast.iter_child_nodes(node):
            if not isinstance(below, ast.FunctionDef):
                go(below)
                continue
            first = min([below.lineno, *(each.lineno for each in below.decorator_list)])
            function = Function(below.name, first, below.end_lineno or first)
            inside.update((id(n), function) for each in below.body for n in ast.walk(each))

    go(tree)
    return {at: inside[id(n)] for at, n in enumerate(ast.walk(tree)) if id(n) in inside}


def _changes(node: ast.AST) -> Iterator[_Change]:  # noqa: PLR0912 - a case for each sort
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            other = ast.Compare(node.left, [_COMPARED[type(op)]()], node.comparators)
            yield _Change(ast.unparse(other), other)
        case ast.Compare(ops=ops):
            for number, op in enumerate(ops):
                if type(op) in _COMPARED:
                    new = [*ops[:number], _COMPARED[type(op)](), *ops[number + 1 :]]
                    changed = ast.Compare(node.left, new, node.comparators)
                    yield _Change(ast.unparse(changed), changed)
        case ast.BoolOp(op=op, values=values):
            turned = ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield _Change(ast.unparse(turned), turned)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _Change(ast.unparse(operand), operand)
        case ast.BinOp(op=op) if type(op) in _COMPUTED and not _text(node):
            computed = ast.BinOp(node.left, _COMPUTED[type(op)](), node.right)
            yield _Change(ast.unparse(computed), computed)
        case ast.Constant(value=bool(value)):
            yield _Change(str(not value), ast.Constant(not value))
        case ast.Constant(value=int(value)):
            yield _Change(str(value + 1), ast.Constant(value + 1))
        case ast.Constant(value=str(value)) if value and " " not in value and len(value) <= 60:
            yield _Change(repr(f"{value}~"), ast.Constant(f"{value}~"))
        case ast.Constant(value=bytes(value)) if value:
            yield _Change(repr(value + b"~"), ast.Constant(value + b"~"))
        case ast.Call(func=ast.Name(id=name)) if name in _CALLED:
            called = ast.Call(ast.Name(_CALLED[name], ast.Load()), node.args, node.keywords)
            yield _Change(ast.unparse(called), called)
        case ast.If(test=test) if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            negated = ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
            yield _Change(f"not {ast.unparse(test)}", negated)
        case ast.Return(value=ast.Constant(value="")):
            yield _Change("return '~'", ast.Return(ast.Constant("~")))
        case ast.Return(value=ast.Constant(value=False | None)):
            return  # what is false is turned round, where it stands; None means nothing else
        case ast.Return(value=value) if value is not None:
            yield _Change("return None", ast.Return(ast.Constant(None)))
        case ast.Raise() | ast.AugAssign() | ast.Expr(value=ast.Call() | ast.Yield()):
            yield _Change("pass", ast.Pass())
        case ast.Continue():
            yield _Change("break", ast.Break())
        case ast.comprehension(ifs=[first, *rest]):
            loose = ast.comprehension(node.target, node.iter, rest, node.is_async)
            yield _Change(f"without `if {ast.unparse(first)}`", loose)
        case _:
            return


def _among(node: ast.AST, known: Members) -> Iterator[_Change]:
    """An entry of a table is left out; a member of an enum is another one."""
    for told, rest in known.without_one(node):
        yield _Change(f"without `{told}`", rest)
    if (other := known.another(node)) is not None:
        yield _Change(ast.unparse(other), other)


def _text(node: ast.BinOp) -> bool:
    """Whether it puts texts or bytes together: what is subtracted there only breaks."""
    parts = (node.left, node.right)
    return any(
        isinstance(part, ast.JoinedStr)
        or (isinstance(part, ast.Constant) and isinstance(part.value, str | bytes))
        for part in parts
    )


def _skipped(tree: ast.Module) -> set[int]:
    """Nodes that are left alone, with all below them."""
    tops: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.Module(body=body) | ast.ClassDef(body=body) | ast.FunctionDef(body=body):
                tops += [each for each in body if _docstring(each)]
            case _:
                pass
        match node:
            case ast.FunctionDef(args=args, returns=returns):
                tops += [note for each in ast.walk(args) if (note := _annotation(each)) is not None]
                tops += [returns] if returns is not None else []
                tops += node.decorator_list
            case ast.ClassDef(keywords=keywords):
                tops += [each for each in keywords if each.arg in _MADE]
                tops += node.decorator_list
            case ast.AnnAssign(annotation=annotation):
                tops.append(annotation)
            case ast.TypeAlias() | ast.Import() | ast.ImportFrom() | ast.JoinedStr():
                tops.append(node)
            case ast.keyword(arg="because" | "remedy" | "says"):
                tops.append(node)
            case _:
                pass
    return {id(below) for top in tops for below in ast.walk(top)}


def _docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _annotation(node: ast.AST) -> ast.expr | None:
    return node.annotation if isinstance(node, ast.arg) else None


def _insides(tree: ast.Module) -> dict[int, str]:
    """In which function or class each node stands."""
    told: dict[int, str] = {}

    def go(node: ast.AST, inside: str) -> None:
        told[id(node)] = inside
        here = inside
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            here = node.name if inside == "module" else f"{inside}.{node.name}"
        for below in ast.iter_child_nodes(node):
            go(below, here)

    go(tree, "module")
    return told
