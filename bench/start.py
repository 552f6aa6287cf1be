"""What a person waits for before the first word: the installed command beside a bare Python."""

from pathlib import Path

from bench.children import environment, watch
from bench.figures import Entry, Figure, ratio
from bench.workbench import Workbench

NAME = "start"
WHAT = "start the installed command, beside a bare Python"


def run(bench: Workbench) -> Entry:
    """Start each in turn; the first round, which fills caches, does not count."""
    installed, home, rounds = bench.installed, bench.place(NAME), bench.rounds(15)
    programs: dict[str, list[str | Path]] = {
        "bare": [installed.python, "-c", "pass"],
        "help": [installed.holdfast, "--help"],
        "scan": [installed.holdfast, "scan", "--help"],
    }
    env = environment(HOME=str(home))
    took: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(rounds + 1):
        for name, program in programs.items():
            wall = watch(program, env=env, cwd=home).wall
            if turn > 0:
                took[name].append(wall)
    return Entry(
        name=NAME,
        what=WHAT,
        n=rounds,
        figures=(
            Figure(what="python -c pass", unit="s", values=tuple(took["bare"])),
            Figure(what="holdfast --help", unit="s", values=tuple(took["help"]), at_most=0.3),
            ratio("holdfast --help / python -c pass", took["help"], took["bare"], at_most=8),
            Figure(what="holdfast scan --help", unit="s", values=tuple(took["scan"])),
        ),
        notes=(
            "the console script of the installed wheel, bytecode compiled, output thrown away",
            "--help alone prints a text made beforehand; `scan --help` loads the command line",
        ),
    )
