"""Text on a width: broken between words, and inside of one only where no line holds it."""

from rich.cells import cell_len

from holdfast.surfaces.cli.layout import MARGIN, Layout


def lines(text: str, *, width: int | None = 80) -> list[str]:
    return [line.plain for line in Layout(width).told("seen  ", text)]


def test_a_word_that_is_wider_than_the_terminal_is_broken_at_the_margin() -> None:
    told = lines(f"message = {'x' * 800} end")
    assert max(len(line) for line in told) == 80
    assert "".join(line.strip() for line in told).count("x") == 800
    assert all(line.startswith(" " * MARGIN) for line in told)


def test_wide_letters_take_two_columns_each() -> None:
    told = lines("\N{HIRAGANA LETTER A}" * 400)
    assert max(cell_len(line) for line in told) == 80


def test_a_name_that_fits_on_a_line_of_the_terminal_is_whole() -> None:
    name = "a" * 80
    assert any(name in line for line in lines(f"its name is {name} and that is long"))


def test_without_a_terminal_nothing_is_broken() -> None:
    assert len(lines("x" * 800, width=None)) == 1
