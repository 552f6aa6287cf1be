"""What stands twice is found whatever it is called; what only looks alike is not."""

from pathlib import Path

import pytest

from tools import repeats

LOGIC = """
def {name}(cluster):
    for {each} in cluster.all({kind}):
        told = {each}.condition("{kind}", {each}.metadata.generation)
        if told is None or told.status != "False" or {each}.leaving:
            continue
        since = max({each}.born, told.last_transition_time or {each}.born)
        yield found(about={each}.ref, since=since, says={says}, seen=told.message)
"""
ONE = LOGIC.format(name="one", each="node", kind="Node", says="'not ready'")


def found(folder: Path, *modules: str) -> list[repeats.Repeat]:
    for number, text in enumerate(modules):
        (folder / f"m{number}.py").write_text(text)
    return repeats.repeats(repeats.functions(folder))


def test_the_same_logic_by_other_names_is_found_once(tmp_path: Path) -> None:
    other = LOGIC.format(name="other", each="pod", kind="Pod", says="'silent'")

    (repeat,) = found(tmp_path, ONE, f"x = 1\n{other}")

    assert "m0.py:one ~ m1.py:other" == repeat.pair
    assert 6 == repeat.length


def test_a_run_within_one_function_counts_as_well(tmp_path: Path) -> None:
    body = ONE.partition("\n    ")[2]

    (repeat,) = found(tmp_path, f"def twice(cluster):\n    {body}\n    {body}")

    assert "m0.py:twice ~ m0.py:twice" == repeat.pair


@pytest.mark.parametrize(
    ("before", "after"),
    [("told.status", "told.reason"), ("seen=", "part="), ("max(", "min(max, ")],
    ids=["attribute", "keyword", "call"],
)
def test_other_logic_is_no_repeat(tmp_path: Path, before: str, after: str) -> None:
    short = ONE.replace("        since = max(node.born", "        since = max(node.born")
    assert [] == [r for r in found(tmp_path, ONE, short.replace(before, after)) if r.length == 6]


def test_declarations_and_imports_are_alike_by_nature(tmp_path: Path) -> None:
    fields = "\n".join(f"    field_{n}: dict[str, tuple[int, ...]] = make({n})" for n in range(30))
    assert [] == found(tmp_path, f"class A:\n{fields}\n\nclass B:\n{fields}")


def test_what_is_allowed_has_a_reason_and_is_there(tmp_path: Path) -> None:
    other = LOGIC.format(name="other", each="pod", kind="Pod", says="'silent'")
    runs = found(tmp_path, ONE, other)
    pair = "m0.py:one ~ m1.py:other"

    assert 1 == len(repeats.judged(runs, {}))
    assert [] == repeats.judged(runs, {pair: "a reason"})
    assert [f"allowed in vain: {pair}"] == repeats.judged([], {pair: "a reason"})


@pytest.mark.parametrize("line", ["a.py:f: reason", "a.py:f ~ b.py:g", "a.py:f ~ b.py:g: "])
def test_a_line_without_a_pair_or_a_reason_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "allowed").write_text(f"# words\n{line}\n")
    with pytest.raises(SystemExit, match="line 2"):
        repeats.allowed(tmp_path / "allowed")


@pytest.mark.slow  # `make check` runs `make repeats`, which is the same
def test_nothing_of_ours_stands_twice() -> None:
    runs = repeats.repeats(repeats.functions(repeats.SOURCE))
    assert [] == repeats.judged(runs, repeats.allowed(repeats.ALLOWED))
