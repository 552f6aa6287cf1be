"""Cedar ends the process where its stack ends: what could get there is never given to it."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from holdfast.adapters.cedar.nesting import DEEPEST_BRACKETS, too_deep
from holdfast.adapters.cedar.policy import CedarPolicy
from holdfast.errors import BadInput
from holdfast.grants.operator_schema import operator_schema

HEAD = "forbid(principal, action, resource)\nwhen { "
SMALLEST_STACK = 1 << 20  # a thread's where it is smallest; on Linux it is 8 MB

DEEPER: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: f"{'(' * n}true{')' * n}",
    "parentheses with a no": lambda n: f"{'!(' * n}true{')' * n}",
    "negative numbers": lambda n: f"{'-(' * n}1{')' * n} == 1",
    "sets": lambda n: f"{'[' * n}1{']' * n} == [1]",
    "records": lambda n: f"{'{a: ' * n}1{'}' * n} == {{a: 1}}",
    "one in the other": lambda n: f"{'{a: [(' * n}1{')]}' * n} == [1]",
    "calls": lambda n: f"{'[true].contains(' * n}true{')' * n}",
    "ifs in parentheses": lambda n: f"{'(if true then true else ' * n}true{')' * n}",
    "conditions": lambda n: f"{'if ' * n}true{' then true else true' * n}",
    "first answers": lambda n: f"{'if true then ' * n}true{' else true' * n}",
    "second answers": lambda n: f"{'if true then true else ' * n}true",
    "no": lambda n: f"{'!' * n}true",
    "minus": lambda n: f"{'-' * n}1 == 1",
    "a sum": lambda n: f"{'1 + ' * n}1 == 1",
    "differences": lambda n: f"{'1 - ' * n}1 == 1",
    "products": lambda n: f"{'1 * ' * n}1 == 1",
    "fields": lambda n: f"{{a: 1}}{'.a' * n} == 1",
    "names of fields": lambda n: f"{{a: 1}}{'["a"]' * n} == 1",
    "fields that may be there": lambda n: f"resource has a{'.a' * n}",
    "one call after another": lambda n: f"[1]{'.contains(1)' * n}",
    "sums in sums": lambda n: f"{'(' * n}1{' + 1 + 1 + 1)' * n} == 1",
    "after what opens and closes nothing": lambda n: f"true, ){'(' * n}true{')' * n}",
    "after a comment": lambda n: f"// so\r{'(' * n}true{')' * n}",
}


def condition(text: str) -> str:
    return f"{HEAD}{text} }};"


@pytest.mark.parametrize("deeper", DEEPER.values(), ids=list(DEEPER))
@pytest.mark.parametrize("times", [600, 100_000])
def test_what_is_nested_too_deeply_is_refused_with_line_and_reason(
    deeper: Callable[[int], str], times: int
) -> None:
    with pytest.raises(BadInput) as refused:
        CedarPolicy(condition(deeper(times)), "policy.cedar", operator_schema())
    assert "policy.cedar, line 2: the policy is not loaded: " in refused.value.wrong
    assert "nested too deeply" in refused.value.wrong
    assert "the policy that was loaded before stays" in refused.value.remedy


def deepest(deeper: Callable[[int], str]) -> str:
    times = next(n for n in range(1, 600) if too_deep(condition(deeper(n))) is not None)
    return condition(deeper(times - 1))


def load_in_a_small_stack(texts: list[str]) -> None:
    """What the process of the next test does."""

    def load() -> None:
        for text in texts:
            try:
                CedarPolicy(text, "policy.cedar", operator_schema())
            except BadInput as wrong:
                if "nested" in wrong.wrong:
                    raise

    threading.stack_size(SMALLEST_STACK // 2)
    thread = threading.Thread(target=load)
    thread.start()
    thread.join()


@pytest.mark.slow
def test_the_deepest_that_is_let_through_needs_half_of_the_smallest_stack() -> None:
    texts = [deepest(each) for each in DEEPER.values()]
    again = f"from {__name__} import load_in_a_small_stack as load; load({texts!r}); print('held')"
    done = subprocess.run(
        [sys.executable, "-c", again], capture_output=True, text=True, check=False
    )
    assert (0, "held\n", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "text",
    [
        f"{'(' * (DEEPEST_BRACKETS - 1)}true{')' * (DEEPEST_BRACKETS - 1)}",
        " || ".join(['resource.name == "web"'] * 2000),
        " && ".join(["!(context.minute - 1 == 2)"] * 2000),
        f"[{', '.join(['-1'] * 2000)}].contains(context.minute)",
        f'resource.name like "{"(*" * 2000}"',
        f'resource.name == "{"(" * 2000}\\"{"((" * 2000}"',
        f"true // {'(' * 2000}\n",
        "if true then true else " * 100 + "true",
    ],
    ids=["brackets", "or", "and", "a set", "stars", "a text", "a comment", "ifs"],
)
def test_what_is_long_and_not_deep_is_loaded(text: str) -> None:
    assert CedarPolicy(condition(text), "policy.cedar", operator_schema()).version


def test_each_policy_is_counted_by_itself() -> None:
    text = condition("(" * 20 + "true" + ")" * 20) * 50
    assert CedarPolicy(text, "policy.cedar", operator_schema()).version
