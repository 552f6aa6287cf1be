"""What no committed file holds, and what each holds that must."""

import re
from pathlib import Path

import pytest

from tests.house import tree

HOSTS = re.compile(
    r"(?:pypi|pythonhosted|npmjs|yarnpkg)\.(?:org|com)"
    r"|(?:proxy|sum)\.golang\.org|goproxy\.|artifactory|index-url|find-links"
)
OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/\w")
UNFINISHED = re.compile(r"\b(?:T[O]DO|F[I]XME)\b")
# Another's module, named by a string, may be patched; an object of ours, or its name, may not.
PATCHES = re.compile(r"""unittest[.]mock|monkeypatch[.](?:set|del)attr\((?!["'](?!holdfast))""")
BLIND = re.compile(r"noq[a]:[^#]*\b(?:BLE001|E722)")
NAMELESS = {"core", "utils", "util", "common", "helpers", "manager", "base", "misc"}


def locks() -> list[Path]:
    """Every file that pins what others made."""
    names = {"go.sum", "package-lock.json", "uv.lock"}
    return [f for f in tree.files() if f.name in names or f.parts[0] == "requirements"]


def lines_with(pattern: re.Pattern[str], under: tuple[str, ...] = ()) -> list[str]:
    """Every line in which the pattern occurs, in all files or in those below some folders."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in tree.texts().items()
        if not under or name.parts[0] in under
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_there_are_locks() -> None:
    assert {Path("requirements/run.txt"), Path("requirements/dev.txt")} <= {*locks()}


@pytest.mark.parametrize("lock", locks(), ids=str)
def test_a_lock_names_no_place_to_download_from(lock: Path) -> None:
    text = (tree.ROOT / lock).read_text()
    assert "://" not in text.replace(" h1://", " ")  # a sum may begin so
    assert not HOSTS.search(text)


def test_every_requirement_is_pinned_by_hash() -> None:
    for name in ("run", "dev"):
        text = (tree.ROOT / "requirements" / f"{name}.txt").read_text()
        for requirement in re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)):
            assert re.match(r"\S+==\S+ ", requirement), requirement
            assert "--hash=sha256:" in requirement, requirement


def test_no_file_names_a_registry() -> None:
    this = "tests/house/test_tree.py"
    allowed = {"tools/uv.sh"}  # hands pip's own mirror to uv, whatever it is
    found = [f for f in lines_with(HOSTS) if f.split(":")[0] not in {this, *allowed}]
    assert [] == found


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert [] == lines_with(OF_A_MACHINE)


def test_nothing_is_left_for_later() -> None:
    assert [] == lines_with(UNFINISHED)


def test_nobody_silences_the_rule_against_blind_excepts() -> None:
    assert [] == lines_with(BLIND)


def test_nobody_patches_our_own_code() -> None:
    assert [] == lines_with(PATCHES, under=("tests", "lab", "bench"))


def test_every_room_and_module_is_named_for_its_work() -> None:
    core_group = Path("src/holdfast/model/kinds/core.py")  # Kubernetes' own name for it
    nameless = [
        str(file)
        for file in tree.files()
        if file.parts[0] == "src"
        and file != core_group
        and NAMELESS & {*file.with_suffix("").parts}
    ]
    assert [] == nameless


def test_every_module_opens_with_its_promise() -> None:
    silent = [
        str(name)
        for name, text in tree.texts().items()
        if name.suffix == ".py" and name.parts[0] != "tests"
        if text.strip() and not text.startswith(('"""', 'r"""'))
    ]
    assert [] == silent
