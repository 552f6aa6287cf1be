"""How much disk the installed package takes, its dependencies included."""

import csv
from collections import Counter
from pathlib import Path

from bench.figures import Entry, Figure
from bench.workbench import Workbench

NAME = "size"
WHAT = "weigh the installed package, its dependencies included"
MB = 1_000_000
MOST = 120  # MB, the server and what it stands on included, as the product promises


def run(bench: Workbench) -> Entry:
    """Weigh site-packages, with bytecode and without."""
    installed = bench.installed
    files = [path for path in installed.packages.rglob("*") if path.is_file()]
    weights = {path: path.stat().st_size for path in files}
    total = sum(weights.values())
    bytecode = sum(weight for path, weight in weights.items() if path.suffix == ".pyc")
    owners = _owners(installed.packages)
    shares: Counter[str] = Counter()
    for path, weight in weights.items():
        top = path.relative_to(installed.packages).parts[0]
        shares[owners.get(top, top)] += weight
    biggest = ", ".join(f"{name} {weight / MB:.1f}" for name, weight in shares.most_common(5))
    return Entry(
        name=NAME,
        what=WHAT,
        n=len(files),
        figures=(
            Figure(what="installed, with bytecode", unit="MB", values=(total / MB,), at_most=MOST),
            Figure(what="installed, without", unit="MB", values=((total - bytecode) / MB,)),
            Figure(
                what="the wheel itself", unit="MB", values=(installed.wheel.stat().st_size / MB,)
            ),
        ),
        notes=(f"{len(shares)} packages; the biggest, in MB with bytecode: {biggest}",),
    )


def _owners(packages: Path) -> dict[str, str]:
    """Which distribution brought each file or folder at the top."""
    owners = {}
    for record in packages.glob("*.dist-info/RECORD"):
        name = record.parent.name.split("-")[0].replace("_", "-")
        with record.open(newline="") as lines:
            for path, *_ in csv.reader(lines):
                owners[path.split("/")[0]] = name
    return owners
