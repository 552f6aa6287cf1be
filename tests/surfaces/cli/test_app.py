import subprocess
import sys

import pytest
import yaml

from holdfast import __version__, wiring
from holdfast.errors import BadInput
from holdfast.facts import CATALOGUE
from holdfast.grants.reader import reader_role
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


def test_rbac_reader_prints_what_kubectl_applies(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("rbac", "reader", "--name", "scanner")

    assert yaml.safe_load(capsys.readouterr().out) == reader_role(name="scanner")


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


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["scan", "--nonsense"], "--nonsense"),
        (["scna"], "scna"),
        (["scan", "--output", "xml"], "xml"),
        (["explain", "HF-XXX-001"], "There is no rule 'HF-XXX-001'"),
        (["scan", "--snapshot", "nowhere-at-all"], "does not exist"),
        (["scan", "--kubeconfig", "nowhere-at-all"], "nowhere-at-all"),
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
