"""A file that people wrote and that does not fit is refused with its line and the reason."""

import os
from pathlib import Path

import pytest

from holdfast import wiring

pytestmark = pytest.mark.slow

HEAD = "apiVersion: holdfast.dev/v1alpha1\nkind: Baseline\n"
IGNORE = "ignore:\n- {}\n  reason: loud\n"
GOOD = """accepted:
- id: fnd_0123456789abcdef0123
  reason: known
  owner: me
  until: 2020-01-01T00:00:00Z
ignore:
- code: HF-STO-*
  reason: theirs
off:
- rule: crash_looping
  reason: loud
"""


def refused(path: Path, capfd: pytest.CaptureFixture[str]) -> str:
    assert wiring.main(["rbac", "reader", "--baseline", str(path)]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("kind: Baseline\n", 1, "apiVersion is None"),
        ("apiVersion: holdfast.dev/v2\nkind: Baseline\n", 1, "apiVersion is 'holdfast.dev/v2'"),
        ("apiVersion: holdfast.dev/v1alpha1\nkind: Pod\n", 2, "kind is 'Pod' and must be"),
        ("- a\n- b\n", 1, "is no mapping"),
        (HEAD + "accepts: []\n", 3, "unknown field `accepts`"),
        (HEAD + GOOD.replace("owner:", "ower:"), 6, "unknown field `ower`"),
        (HEAD + GOOD.replace("  owner: me\n", ""), 4, "missing required field `owner`"),
        (HEAD + GOOD.replace("  owner: me", "  owner: ''"), 6, "the owner is empty"),
        (HEAD + GOOD.replace("reason: known", "reason: '  '"), 5, "the reason is empty"),
        (HEAD + GOOD.replace("reason: theirs", "reason: ''"), 10, "the reason is empty"),
        (HEAD + GOOD.replace("reason: loud", "reason: ''"), 13, "the reason is empty"),
        (HEAD + GOOD.replace("0123\n", "0123\n  id: fnd_2\n"), 5, "the key 'id' stands twice"),
        (HEAD + GOOD.replace("2020-01-01T00:00:00Z", "tomorrow"), 7, "Invalid RFC3339"),
        (HEAD + GOOD.replace("2020-01-01T00:00:00Z", "2020-13-01T00:00:00Z"), 7, "Invalid RFC3339"),
        (HEAD + GOOD.replace("00:00Z", "00:00"), 7, "timezone"),
        (HEAD + GOOD.replace("2020-", "2999-"), 7, "longer than 366 days"),
        (HEAD + GOOD.replace("fnd_0123456789abcdef0123", "fnd_1"), 4, "the id of no finding"),
        (
            HEAD + GOOD.replace("  code: HF-STO-*\n", "").replace("- code: HF-STO-*\n  ", "- "),
            9,
            "ignore everything",
        ),
        (HEAD + IGNORE.format("code: 'HF-*'"), 4, "ignore everything"),
        (HEAD + IGNORE.format("code: '**'"), 4, "ignore everything"),
        (HEAD + IGNORE.format("namespace: '?*'"), 4, "ignore everything"),
        (HEAD + IGNORE.format("object: '*/*'"), 4, "ignore everything"),
        (HEAD + IGNORE.format("object: '[A-Z]*/[a-z0-9]*'"), 4, "ignore everything"),
        (HEAD + IGNORE.format("code: HF-ST0-001"), 4, "no rule of the code 'HF-ST0-001' (did you"),
        (HEAD + IGNORE.format("code: STO-*"), 4, "no rule of the code"),
        (HEAD + GOOD.replace("crash_looping", "crash_lopping"), 12, "Did you mean crash_looping"),
        (HEAD + "accepted: &a []\n", 3, "anchors and aliases"),
        (HEAD + "accepted: [\n", 4, "expected node content"),
        (HEAD + "ignore:\n- code: !!python/name:os.system x\n", 4, "is not allowed"),
        ("", 0, "is empty"),
    ],
)
def test_what_does_not_fit_is_said_with_its_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, line: int, why: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(text)

    said = refused(path, capfd)

    assert why in said
    assert f"line {line}:" in said or not line
    assert text == path.read_text()


def test_an_id_that_is_accepted_twice_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "baseline.yaml"
    entry = GOOD.split("ignore:", maxsplit=1)[0]
    path.write_text(HEAD + entry + entry.removeprefix("accepted:\n"))

    assert "line 8: fnd_0123456789abcdef0123 is accepted twice" in refused(path, capfd)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("[" * 100_000, "line 1: this is nested too deeply"),
        ("- " * 50_000, "line 1: this is nested too deeply"),
        ("{a: " * 50_000, "line 1: this is nested too deeply"),
        ("- 1\n" * 300_000, "line 200000: these are too many values"),
        ("#" * (4 << 20) + "\n", "it is larger than 4 MiB"),
    ],
    ids=["lists", "items", "mappings", "values", "bytes"],
)
def test_what_is_too_much_is_refused_at_its_first_sign(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], body: str, why: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(body)

    assert why in refused(path, capfd)


def test_a_pipe_that_nobody_writes_into_is_no_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "baseline.yaml"
    os.mkfifo(path)

    assert "baseline.yaml cannot be read: it is a pipe, and no regular file." in refused(
        path, capfd
    )


@pytest.mark.parametrize("body", [b"\xff\xfe", b"k: \x00"])
def test_what_is_no_text_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], body: bytes
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_bytes(body)

    assert "baseline.yaml" in refused(path, capfd)


@pytest.mark.parametrize(
    "words", ["code: HF-STO-*", "namespace: team-*", "object: Pod/*", "labels: {team: research}"]
)
def test_what_leaves_something_to_be_seen_may_be_ignored(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(HEAD + IGNORE.format(words))

    assert wiring.main(["rbac", "reader", "--baseline", str(path)]) == 0


def test_a_file_that_fits_is_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(HEAD + GOOD)

    assert wiring.main(["rbac", "reader", "--baseline", str(path)]) == 0
