"""A repair on a lab, by a keeper as it runs: the preview, and from the yes to the act.

When something was asked for is known by whoever asks; when it was done, by the API server's own
audit log, on the same machine's clock. The yes comes as soon as the card is there, from a person
who reads in no time: whatever the preview has left behind is waited for within the act.
"""

from bench.children import ask
from bench.figures import Entry, Figure
from bench.workbench import Workbench

NAME = "leash"
WHAT = "a restart on a lab: preview, and from the yes to the act; and a freeze"
STEPS = {
    "preview": ("preview: asked for, until its card is there", 1.0),
    "preview asked": ("of that: until the letter is answered and that is sealed", None),
    "preview looked": ("of that: taken up, looked at, judged by all layers, fences compared", None),
    "preview lent": ("of that: account, binding and token made", None),
    "preview fenced": ("of that: rights given and each fence seen to hold", None),
    "preview tried": ("of that: the dry run", None),
    "preview kept": ("of that: judged again with its effect, and kept", None),
    "act": ("act: the yes handed in, until the API server has done it", 3.0),
    "act heard": ("of that: until the yes is answered, all layers on a fresh look", None),
    "act judged": ("of that: sealed, claimed, fences compared, all layers again", None),
    "act lent": ("of that: account, binding and token made", None),
    "act fenced": ("of that: rights given and each fence seen to hold", None),
    "act again": ("of that: fences, target and all layers once more", None),
    "act rehearsed": ("of that: the dry run, and what must be known afterwards kept", None),
    "act done": ("of that: the act itself", None),
    "freeze": ("freeze: the letter handed in, until nothing new is begun", 1.0),
    "freeze sealed": ("the same, until it stands in the record", None),
}


def run(bench: Workbench) -> Entry:
    """In a lab of its own."""
    rounds = bench.rounds(7)
    told = ask("bench.repairing", bench.place(NAME), str(rounds))
    figures = [
        Figure(what=what, unit="s", values=tuple(each[word] for each in told), at_most=most)
        for word, (what, most) in STEPS.items()
    ]
    return Entry(
        name=NAME,
        what=WHAT,
        n=rounds,
        figures=tuple(figures),
        notes=("one repair after the other, each in a namespace of its own; soak is left out",),
    )
