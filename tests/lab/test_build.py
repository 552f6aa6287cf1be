"""The build: what is in the cache is whole, nobody builds twice, and other people's tools win."""

import threading
from pathlib import Path

import pytest

from lab.build import EVERYTHING, OLDEST, PARTS, build, cache_folder, find_binaries, parts
from lab.errors import NotBuilt


def fill(cache: Path) -> None:
    for part in PARTS:
        (cache / part.key).mkdir(parents=True, exist_ok=True)
        (cache / part.key / part.name).write_text("#!/bin/sh\n")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_LAB_CACHE", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.delenv("HOLDFAST_LAB_OLDEST", raising=False)
    return tmp_path


def test_what_is_built_is_found(cache: Path) -> None:
    fill(cache)

    assert set(find_binaries()) == set(EVERYTHING)
    assert all(path.is_relative_to(cache) for path in find_binaries().values())


def test_a_build_that_was_interrupted_is_not_finished(cache: Path) -> None:
    fill(cache)
    kwok = next(part for part in PARTS if part.name == "kwok")
    (cache / kwok.key / "kwok").rename(cache / kwok.key / ".kwok.unfinished")

    with pytest.raises(NotBuilt, match=r"The lab's kwok is not built yet: python -m lab build"):
        find_binaries()


def test_a_build_that_fails_says_what_go_said_and_leaves_nothing_that_looks_finished(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache)
    kwok = next(part for part in PARTS if part.name == "kwok")
    (cache / kwok.key / "kwok").unlink()
    bin_folder = cache / "bin"
    bin_folder.mkdir()
    go = bin_folder / "go"
    go.write_text(
        "#!/bin/sh\ncase $1 in env) echo go1.26.8; exit;; esac\n"
        'echo "undefined: widget" >&2; exit 1\n'
    )
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")

    with pytest.raises(NotBuilt, match=r"kwok could not be built; Go says:\nundefined: widget"):
        build(lambda _: None)
    with pytest.raises(NotBuilt, match="kwok"):
        find_binaries()


def test_two_builders_build_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = cache / "bin"
    bin_folder.mkdir()
    go = bin_folder / "go"
    go.write_text(
        "#!/bin/sh\ncase $1 in env) echo go1.26.8; exit;; esac\n"
        f'echo built >> {cache}/built\nwhile [ "$1" != -o ]; do shift; done\necho > "$2"\n'
    )
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    builders = [threading.Thread(target=build, args=(lambda _: None,)) for _ in range(2)]
    for each in builders:
        each.start()
    for each in builders:
        each.join()

    assert (cache / "built").read_text().count("built") == len(PARTS)
    assert set(find_binaries()) == set(EVERYTHING)
    assert not (cache / "go-build").exists()


def test_other_sums_are_another_build() -> None:
    assert len({part.key for part in PARTS}) == 3  # one folder per module
    assert all(part.version in part.key for part in PARTS)


def test_the_oldest_api_server_takes_the_place_of_the_other(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache)
    monkeypatch.setenv("HOLDFAST_LAB_OLDEST", "1")
    with pytest.raises(NotBuilt, match="The lab's kube-apiserver is not built yet"):
        find_binaries()

    (cache / OLDEST.key).mkdir()
    (cache / OLDEST.key / OLDEST.name).write_text("#!/bin/sh\n")

    assert set(find_binaries()) == set(EVERYTHING)
    assert {each.name for each in parts() if each not in PARTS} == {"kube-apiserver"}
    assert OLDEST.version.startswith("v1.30.")
    assert "gitMinor=30" in OLDEST.linker_flags


def test_assets_of_others_win(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(cache)
    theirs = cache / "theirs"
    theirs.mkdir()
    (theirs / "etcd").write_text("#!/bin/sh\n")
    (theirs / "etcd").chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(theirs))

    found = find_binaries()

    assert found["etcd"] == theirs / "etcd"
    assert found["kwok"].is_relative_to(cache_folder())
    assert found["kwok"].parent.parent == cache
