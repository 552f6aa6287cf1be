"""What amounts are worth, however they are written, and in whatever order they are asked for."""

from fractions import Fraction

import pytest

from holdfast.model.quantities import worth


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("100m", Fraction(1, 10)),
        ("1Ki", Fraction(1024)),
        ("1e3", Fraction(1000)),
        ("-1", Fraction(-1)),
        (1, Fraction(1)),
        (0.5, Fraction(1, 2)),
        ("much", None),
        ("", None),
        (None, None),
    ],
)
def test_an_amount_is_worth_what_is_written(
    written: str | int | float | None, amount: Fraction | None
) -> None:
    assert amount == worth(written) == worth(written)


def test_what_equals_a_number_and_is_none_is_told_apart_from_it() -> None:
    assert (Fraction(1), None, Fraction(1)) == (worth(1), worth(True), worth(1.0))
