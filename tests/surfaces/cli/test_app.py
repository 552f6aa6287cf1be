import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from holdfast import __version__, wiring
from holdfast.errors import BadInput
from holdfast.facts import CATALOGUE
from holdfast.grants.fences import fences
from holdfast.grants.reader import reader_role
from holdfast.surfaces.cli.app import COMMANDS
from holdfast.surfaces.cli.text import UNSAFE
from tests.surfaces.cli.conftest import Run


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "holdfast", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda r: r.code)
def test_every_rule_explains_itself_by_code_and_by_name(
    run: Run, capsys: pytest.CaptureFixture[str], rule: object
) -> None:
    code, name = rule.code, rule.name  # type: ignore[attr-defined]

    run("explain", code.lower())
    by_code = capsys.readouterr().out
    run("explain", name)

    assert by_code == capsys.readouterr().out
    assert by_code.startswith(f"{code}  {name}")


def test_an_unknown_code_is_met_with_the_nearest(run: Run) -> None:
    with pytest.raises(BadInput) as refused:
        run("explain", "claim_stuck")

    assert "claim_stuck_pending" in refused.value.remedy


@pytest.mark.slow
def test_rbac_install_prints_all_of_the_fences(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("rbac", "install", "--dry-run") == 0

    assert list(yaml.safe_load_all(capsys.readouterr().out)) == fences()


def test_rbac_reader_prints_what_kubectl_applies(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("rbac", "reader", "--name", "scanner")

    assert yaml.safe_load(capsys.readouterr().out) == reader_role(name="scanner")


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(
    run: Run, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    run("completion", shell)

    assert "scan" in capsys.readouterr().out


def test_the_version_is_the_packages() -> None:
    assert ran("--version").stdout == f"{__version__}\n"


def test_asking_for_the_overview_loads_nothing_heavy() -> None:
    watched = "import sys, runpy; sys.argv = ['holdfast', '--help']\n"
    watched += "try: runpy.run_module('holdfast', run_name='__main__')\n"
    watched += "except SystemExit: pass\n"
    watched += "print(sorted({'cyclopts', 'rich', 'httpx2', 'msgspec'} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("Usage: holdfast COMMAND")
    assert done.stdout.endswith("[]\n")


@pytest.mark.slow
def test_a_look_at_a_cluster_loads_neither_certificates_nor_what_only_a_watch_needs() -> None:
    """Nobody waits for what they do not use: loading is a tenth of a scan of 20,000 pods."""
    watched = "import sys; from holdfast.wiring import main\n"
    watched += "main(['scan', '--kubeconfig', '/nowhere'])\n"
    watched += "import holdfast.adapters.kubernetes.reader\n"
    watched += "print(sorted({'cryptography', 'holdfast.surfaces.cli.watching'} & {*sys.modules}))"

    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=True
    )

    assert done.stdout.endswith("[]\n")


@pytest.mark.slow
def test_the_help_of_a_command_loads_neither_the_network_nor_an_event_loop() -> None:
    watched = "import sys; from holdfast.wiring import main; main(['scan', '--help'])\n"
    watched += "print(sorted({'asyncio', 'cryptography', 'httpx2', 'ssl'} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=True
    )

    assert "--snapshot" in done.stdout
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["scan", "--nonsense"], "--nonsense"),
        (["scna"], "There is no command scna.\n  Did you mean scan? There are: approve, audit, "),
        (["proposal"], "Did you mean proposals?"),
        (["show", "prp_1"], "There is no command show.\n  There are: approve, audit, baseline, "),
        (["show"], ", policy, proposals, propose, "),
        (["freeze"], "Say it with --reason"),
        (["thaw", "--print"], "Whoever freezes or thaws says why"),
        (["audit", "verify", "nowhere-at-all"], "The record nowhere-at-all cannot be read: No"),
        (["scan", "--output", "xml"], "xml"),
        (["explain", "HF-XXX-001"], "There is no rule 'HF-XXX-001'"),
        (["scan", "--snapshot", "nowhere-at-all"], "does not exist"),
        (["scan", "--kubeconfig", "nowhere-at-all"], "nowhere-at-all"),
        (["scan", "--state", ""], "--state is given nothing"),
        (["scan", "--state="], "--state is given nothing"),
        (["scan", "-n", "", "--young"], "-n is given nothing"),
        (["freeze", "--reason", ""], "Give it a value, or leave it out if that can be"),
    ],
)
def test_bad_input_ends_with_two_and_a_sentence_on_stderr(
    arguments: list[str], wrong: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = wiring.main(arguments)

    said = capfd.readouterr()
    assert code == 2
    assert wrong in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_whoever_names_no_command_is_told_of_all_that_there_are() -> None:
    app = wiring.command_line()
    there = [name for name in app if not name.startswith("-")]
    assert sorted(there) == sorted(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("--help",), ("catalogue",), ("rbac", "reader")])
def test_a_reader_that_goes_away_is_no_finding_and_no_traceback(arguments: tuple[str, ...]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)

    done = subprocess.run(
        [sys.executable, "-m", "holdfast", *arguments],
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    os.close(theirs)
    assert (141, "") == (done.returncode, done.stderr)


@pytest.mark.slow
def test_who_is_told_to_end_while_it_ends_says_nothing_of_it() -> None:
    late = (
        "import atexit, os, signal, sys; sys.argv = ['holdfast', 'catalogue']; "
        "atexit.register(os.kill, os.getpid(), signal.SIGTERM); "
        "from holdfast.__main__ import main; main()"
    )

    done = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True, check=False)

    assert (-signal.SIGTERM, "") == (done.returncode, done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["scan", "--help"], ["catalogue"]]
)
def test_an_output_without_room_is_a_sentence_and_no_finding(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert 2 == done.returncode
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["catalogue"], ["scan", "--snapshot", "x"]])
def test_an_output_that_is_closed_is_refused_before_anything_is_looked_at(
    arguments: list[str],
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "holdfast", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 2 == done.returncode
    assert "holdfast: Standard output is closed.\n  Redirect it" in done.stderr


def test_an_error_that_nobody_foresaw_is_no_finding(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "pods.json").write_text("[" * 200_000)

    code = wiring.main(["scan", "--snapshot", str(tmp_path)])

    assert code == 2
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("command", "name"), [("explain", "CODE"), ("snapshot", "FOLDER"), ("completion", "SHELL")]
)
def test_what_a_command_needs_is_named_as_people_write_it(
    capfd: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    assert 2 == wiring.main([command])

    assert f"parameter {name} requires an argument" in " ".join(capfd.readouterr().err.split())


@pytest.mark.parametrize("command", [["catalogue"], ["snapshot"], ["baseline", "check"]])
def test_the_exit_codes_of_a_scan_stand_under_no_other_command(
    capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    wiring.main([*command, "--help"])

    assert "--fail-on" not in capfd.readouterr().out


def test_what_an_error_quotes_cannot_do_anything_to_a_terminal(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    manifest = {"apiVersion": "holdfast.dev/v1alpha1", "kind": "\x1b[31mred\u202e"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    assert wiring.main(["scan", "--snapshot", str(tmp_path)]) == 2
    assert not UNSAFE.search(capfd.readouterr().err.replace("\n", ""))


def test_a_rule_explains_what_it_misses(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("explain", "workload_references_missing_object")

    told = capsys.readouterr().out
    assert "misses  what has been so for less than 5 min" in told
    assert "values in configmaps, secrets" in told
    assert "secrets, under the generated role, which never grants them" in told
