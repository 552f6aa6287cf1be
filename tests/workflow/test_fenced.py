"""What people are told where the fences are not as they were made."""

from holdfast.workflow.fenced import DO, why_not_fenced


def test_nothing_is_said_of_fences_that_stand() -> None:
    assert why_not_fenced([]) is None


def test_the_first_are_named_the_rest_counted_and_the_next_step_said() -> None:
    refusal = why_not_fenced([f"Role r{number} is missing." for number in range(5)])
    assert refusal is not None
    assert "fences" == refusal.by
    named = " ".join(f"Role r{number} is missing." for number in range(3))
    assert f"the fences are not as they were made: {named} And 2 more. {DO}" == refusal.because


def test_few_are_all_named() -> None:
    refusal = why_not_fenced(["Role r is missing."])
    assert refusal is not None
    assert "more" not in refusal.because
