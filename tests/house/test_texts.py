"""Texts that speak of the code agree with it."""

import re
from pathlib import Path

from holdfast import settings
from holdfast.facts import CATALOGUE
from tests.house import tree
from tests.house.breakages import SRC, rooms

SORTS = {"added", "changed", "fixed", "removed", "security"}


def page(name: str) -> str:
    """The text of a page."""
    return (tree.ROOT / name).read_text()


def rooms_in_table(heading: str) -> list[str]:
    """The rooms in the first column of the table below a heading of the architecture page."""
    section = page("ARCHITECTURE.md").split(f"## {heading}\n")[1].split("\n## ")[0]
    columns = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [room for column in columns for room in re.findall(r"`(\w+)`", column)]


def exists(room: str) -> bool:
    """Whether the room is there."""
    return (SRC / room).is_dir() or (SRC / f"{room}.py").is_file()


def test_the_architecture_page_names_the_rooms_of_the_contract() -> None:
    there, to_come = rooms_in_table("The rooms, from the top"), rooms_in_table("Rooms to come")
    assert sorted(rooms()) == sorted(there + to_come)
    assert [room for room in rooms() if exists(room)] == there


def test_the_architecture_page_stays_one_page() -> None:
    assert len(page("ARCHITECTURE.md").splitlines()) <= 80


def test_every_rule_is_documented() -> None:
    reference = page("docs/reference/catalogue.md")
    assert [] == [r.code for r in CATALOGUE if f"## {r.code} {r.name}\n" not in reference]


def test_every_setting_is_documented_and_has_a_meaning() -> None:
    fields = {*settings.Settings.__struct_fields__}
    assert fields == {*settings.MEANINGS}
    reference = page("docs/reference/settings.md")
    assert set() == {f for f in fields if f"`{settings.PREFIX}{f.upper()}`" not in reference}


def test_pages_name_no_setting_that_does_not_exist() -> None:
    known = {f"{settings.PREFIX}{f.upper()}" for f in settings.Settings.__struct_fields__}
    named = {
        word
        for name in tree.pages()
        for word in re.findall(rf"{settings.PREFIX}[A-Z_]*[A-Z]", page(str(name)))
        if not word.startswith(settings.OURS_IN_DEVELOPMENT)
    }
    assert set() == named - known


def test_pages_name_no_code_that_does_not_exist() -> None:
    known = {rule.code for rule in CATALOGUE} | {"HF-WRK-999"}  # that of the walk-through
    named = {
        code for name in tree.pages() for code in re.findall(r"HF-[A-Z]{3}-\d{3}", page(str(name)))
    }
    assert set() == named - known


def test_decisions_are_numbered_without_a_gap() -> None:
    decisions = sorted(Path(tree.ROOT, "docs", "adr").glob("0*.md"))
    assert [f"{n:04}" for n in range(1, len(decisions) + 1)] == [d.name[:4] for d in decisions]
    titled = [d.read_text().startswith(f"# {int(d.name[:4])}. ") for d in decisions]
    assert all(titled)


def test_every_page_of_the_documentation_says_when_a_word_is_new() -> None:
    glossary = page("docs/glossary.md")
    words = {"finding", "fact", "trouble", "blind", "grace", "channel", "posture", "rule", "young"}
    assert set() == {word for word in words if f"\n{word}\n  " not in glossary}


def test_fragments_of_the_changelog_are_named_for_their_sort_and_say_something() -> None:
    for fragment in Path(tree.ROOT, "changelog.d").iterdir():
        if fragment.name == "README.md":
            continue
        assert re.fullmatch(rf"[a-z0-9-]+\.(?:{'|'.join(SORTS)})\.md", fragment.name)
        text = fragment.read_text()
        assert text.strip()
        assert not text.startswith("#")
