"""The results as one table for people."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bench.figures import Entry, Figure
from bench.machine import Machine

HEADINGS = ("", "what", "median", "min", "max", "target", "")
DIGITS = {"s": 3, "x": 3, "MiB": 1, "MB": 1, "us": 1}


def table(entries: Sequence[Entry]) -> str:
    """One line for each figure, and below each entry what is worth knowing about it."""
    lines: list[Sequence[str] | str] = [HEADINGS]
    for entry in entries:
        lines += _lines(entry)
    rows = [line for line in lines if not isinstance(line, str)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        line if isinstance(line, str) else _padded(line, widths).rstrip() for line in lines
    )


def header(machine: Machine, commit: str, began: datetime) -> str:
    """What was measured, and on what."""
    return (
        f"commit {commit}, {began:%Y-%m-%d %H:%M} UTC\n"
        f"{machine.cpu}, {machine.cores} cores, {machine.memory / 2**30:.0f} GiB; "
        f"{machine.python}; {machine.system}"
    )


def verdict(entries: Iterable[Entry]) -> str:
    """The last line: how many targets were met."""
    entries = list(entries)
    targets = [
        figure.met for entry in entries for figure in entry.figures if figure.met is not None
    ]
    missed = targets.count(False)
    left_out = [entry.name for entry in entries if entry.not_run]
    not_run = f"; not run: {', '.join(left_out)}" if left_out else ""
    return f"{targets.count(True)} of {len(targets)} targets met, {missed} missed{not_run}"


def _lines(entry: Entry) -> list[Sequence[str] | str]:
    if entry.not_run:
        return [f"{entry.name}: not run. {entry.not_run}"]
    lines: list[Sequence[str] | str] = []
    name = entry.name
    for figure in entry.figures:
        lines.append((name, figure.what, *_numbers(figure)))
        name = ""
    return [*lines, f"  {counted(entry)}", *(f"  {note}" for note in entry.notes)]


def counted(entry: Entry) -> str:
    """How many of what, from which seed, and how busy the machine was."""
    seed = "" if entry.seed is None else f"; seed {entry.seed}"
    load = " to ".join(f"{each:.1f}" for each in entry.load)
    return f"n {entry.n:,}{seed}" + (f"; load of the machine {load}" if load else "")


def _numbers(figure: Figure) -> tuple[str, ...]:
    target = "" if figure.at_most is None else f"<= {shown(figure.at_most, figure.unit)}"
    met = {True: "met", False: "missed", None: ""}[figure.met]
    several = len(figure.values) > 1
    least = shown(min(figure.values), figure.unit) if several else ""
    most = shown(max(figure.values), figure.unit) if several else ""
    return (shown(figure.median, figure.unit), least, most, target, met)


def shown(value: float, unit: str) -> str:
    """A value with its unit."""
    return f"{value:,.{DIGITS[unit]}f} {unit}"


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, numbers to the right."""
    aligned = ("<", "<", ">", ">", ">", ">", "<")
    cells = zip(row, aligned, widths, strict=True)
    return "  ".join(f"{text:{side}{width}}" for text, side, width in cells)
