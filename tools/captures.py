"""What Holdfast shows, as text for the documentation (`make captures`), of simulated clusters.

The clusters' clocks stand still and their dice always fall the same, so that a capture changes
when what is shown changes, and only then. A test fails when one is stale.

python -m tools.captures [ROOT]    writes below ROOT, the checkout by default
"""

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from io import StringIO
from pathlib import Path

from rich.console import Console

from holdfast.diagnosis.survey import Survey, survey
from holdfast.facts import CATALOGUE
from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel
from holdfast.model.snapshot import Snapshot
from holdfast.ports import Lost, Relisted
from holdfast.surfaces.cli import forms, markdown, report, screen
from holdfast.surfaces.cli.course import Course
from holdfast.surfaces.cli.repairs import card as cards
from holdfast.surfaces.cli.repairs.markdown import as_markdown as as_ticket
from holdfast.surfaces.cli.screen import Wanted
from holdfast.surfaces.cli.watch_lines import Line, as_json, as_text, happened
from holdfast.surfaces.cli.watch_screen import Size, rows
from holdfast.testing import manifests
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.manifests import manifest
from holdfast.testing.shop import a_shop, a_well_shop
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.look import look
from holdfast.workflow.vigil import Terms, View, Vigil
from tools.proposals import SCALE, SCALE_CARD, a_dossier

FOLDER = "docs/reference/screens"
SMALL, LARGE = Size(width=80, height=24), Size(width=160, height=50)
MANY = 300
IMAGE = "registry.example.com/team/app:2.4.1"
INCIDENTS = tuple(rule for rule in CATALOGUE if rule.channel is Channel.INCIDENT)


def one_fault() -> SimulatedCluster:
    """A good day, but for one pod whose image does not exist."""
    cluster = a_well_shop()
    _a_pod(cluster, "shop", "debug", "ImagePullBackOff", manifests.unpulled(IMAGE))
    cluster.clock.advance(timedelta(minutes=3))
    return cluster


def many_faults() -> SimulatedCluster:
    """Three hundred pods of thirty teams, each ill by itself."""
    cluster = SimulatedCluster(clock=FrozenClock())
    ills = (
        ("ImagePullBackOff", manifests.unpulled(IMAGE)),
        ("CreateContainerConfigError", 'secret "token" not found'),
        ("InvalidImageName", f'Failed to apply default image tag "{IMAGE}:": bad format'),
    )
    for number in range(MANY):
        team = "kube-system" if number % 50 == 0 else f"team-{number % 30:02}"
        if number < 30:
            cluster.create(manifest("v1", "Namespace", f"team-{number:02}", namespace=None))
        reason, message = ills[number % len(ills)]
        _a_pod(cluster, team, f"app-{number:03}", reason, message)
        cluster.clock.advance(timedelta(seconds=20))
    cluster.clock.advance(timedelta(minutes=10))
    return cluster


def _a_pod(cluster: SimulatedCluster, namespace: str, name: str, reason: str, message: str) -> None:
    spec = manifests.template(name, IMAGE)["spec"]
    pod = cluster.create(manifest("v1", "Pod", name, namespace=namespace, spec=spec))
    status = manifests.waiting_status(pod, cluster.clock.now(), reason, message)
    cluster.update_status({**pod, "status": status})


SCENES: Mapping[str, Callable[[], SimulatedCluster]] = {
    "healthy": a_well_shop,
    "one": one_fault,
    "broken": a_shop,
    "many": many_faults,
}


@cache
def _seen(scene: str) -> tuple[Snapshot, Survey]:
    cluster = SCENES[scene]()
    kinds = Vigil(asyncio.run(cluster.identity()), Terms(rules=CATALOGUE)).kinds
    snapshot = asyncio.run(look(cluster, kinds=kinds))
    return snapshot, survey(snapshot)


@cache
def _watched(scene: str) -> View:
    snapshot, _ = _seen(scene)
    vigil = _vigil(snapshot)
    return vigil.view(snapshot.now)


def _vigil(snapshot: Snapshot) -> Vigil:
    vigil = Vigil(snapshot.cluster, Terms(rules=INCIDENTS))
    for scope in vigil.scopes:
        vigil.hear(scope, Relisted(capture=snapshot.capture(scope[0])), snapshot.now)
    return vigil


def scan(scene: str, width: int | None, wanted: Wanted | None = None) -> str:
    """What a scan prints: on a terminal of that width, or into a pipe."""
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=width is not None, color_system=None)
    screen.show(console, *_seen(scene), wanted or Wanted())
    return _text(out.getvalue().splitlines())


def watch(scene: str, size: Size) -> str:
    """The watch screen."""
    view = _watched(scene)
    return _text(row.plain for row in rows(view, Wanted(), size, now=view.snapshot.now))


def watch_lost() -> str:
    """The watch screen after nobody has answered for 40 seconds."""
    snapshot, _ = _seen("broken")
    vigil = _vigil(snapshot)
    for scope in vigil.scopes:
        vigil.hear(scope, Lost(why=UNREACHABLE, silent=timedelta()), snapshot.now)
    vigil.hearing.unanswered(UNREACHABLE, snapshot.now)
    now = snapshot.now + timedelta(seconds=40)
    return _text(row.plain for row in rows(vigil.view(now), Wanted(), SMALL, now=now))


UNREACHABLE = "https://shop.example.com:6443 refuses the connection: nothing listens there."


def watch_lines(form: Callable[[Line], str]) -> str:
    """What a watch prints into a pipe: the shop as it was, a fault more, a fault less, silence."""
    course = Course(Wanted())
    told: list[str] = []
    cluster = one_fault()
    snapshot = asyncio.run(look(cluster, kinds=_vigil(_seen("one")[0]).kinds))
    vigil = _vigil(snapshot)

    def show() -> None:
        before, view = course.view, vigil.view(cluster.clock.now())
        told.extend(form(line) for line in happened(before, view, course.take(view)))

    show()
    cluster.delete("pods", "debug", namespace="shop", grace_seconds=0)
    _a_pod(cluster, "shop", "mailer", "CreateContainerConfigError", 'secret "smtp" not found')
    cluster.clock.advance(timedelta(minutes=2))
    vigil.hear((Pod, None), Relisted(capture=asyncio.run(cluster.list(Pod))), cluster.clock.now())
    show()
    vigil.hear((Pod, None), Lost(why=UNREACHABLE, silent=timedelta(seconds=9)), cluster.clock.now())
    cluster.clock.advance(timedelta(seconds=3))
    show()
    vigil.hear((Pod, None), Relisted(capture=asyncio.run(cluster.list(Pod))), cluster.clock.now())
    show()
    for scope in vigil.scopes:
        lost = Lost(why=UNREACHABLE, silent=timedelta())
        vigil.hear(scope, lost, cluster.clock.now())
    vigil.hearing.unanswered(UNREACHABLE, cluster.clock.now())
    cluster.clock.advance(timedelta(minutes=2))
    show()
    for kind, namespace in vigil.scopes:
        seen = asyncio.run(cluster.list(kind, namespace))
        vigil.hear((kind, namespace), Relisted(capture=seen), cluster.clock.now())
    show()
    if course.view is not None:
        told.append(form(Line(view=course.view, what="end", why=course.summary())))
    return _text(told)


def card(width: int) -> str:
    """A proposal as its card, on a terminal of that width."""
    now = NOON + timedelta(minutes=8)
    return _text(line.plain for line in cards.lines(a_dossier(SCALE, SCALE_CARD), now, width))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


FORMS: Mapping[str, Callable[[], str]] = {
    "scan-pipe.txt": lambda: scan("broken", None),
    "scan-flat.txt": lambda: scan("broken", 100, Wanted(flat=True)),
    "scan-young.txt": lambda: scan("healthy", 100, Wanted(young=True)),
    "scan-posture.txt": lambda: scan("healthy", 100, Wanted(posture=True)),
    "scan.json": lambda: forms.as_json(report.as_value(*_seen("one"))) + "\n",
    "scan.yaml": lambda: forms.as_yaml(report.as_value(*_seen("one"))) + "\n",
    "scan.md.txt": lambda: markdown.as_markdown(report.as_value(*_seen("broken"))) + "\n",
    "watch-lines.txt": lambda: watch_lines(as_text),
    "watch-lines.jsonl": lambda: watch_lines(as_json),
    "watch-lost-80.txt": watch_lost,
    "card-60.txt": lambda: card(60),
    "card-120.txt": lambda: card(120),
    "card.md.txt": lambda: as_ticket(a_dossier(SCALE, SCALE_CARD), NOON) + "\n",
}
TERMINALS: Mapping[str, Callable[[], str]] = {
    f"{what}-{scene}-{size.width}.txt": (
        lambda scene=scene, size=size, what=what: (  # type: ignore[misc]  # bound early
            scan(scene, size.width) if what == "scan" else watch(scene, size)
        )
    )
    for what in ("scan", "watch")
    for scene in SCENES
    for size in (SMALL, LARGE)
}


def page() -> str:
    """The page that shows them."""
    made = "Made by `make captures` from simulated clusters whose clocks stand still; a test fails "
    parts = ["# What it looks like\n", f"{made}when one of them is stale.\n"]
    for title, names in SHOWN.items():
        parts.append(f"## {title}\n")
        parts += [f"```{{literalinclude}} screens/{name}\n:language: text\n```\n" for name in names]
    return "\n".join(parts)


SHOWN: Mapping[str, tuple[str, ...]] = {
    "A scan of a broken shop, 80 columns": ("scan-broken-80.txt",),
    "The same, 160 columns": ("scan-broken-160.txt",),
    "The same into a pipe": ("scan-pipe.txt",),
    "The same with --flat": ("scan-flat.txt",),
    "The same as Markdown, for a ticket": ("scan.md.txt",),
    "A scan when nothing hurts": ("scan-healthy-80.txt", "scan-healthy-160.txt"),
    "With --young": ("scan-young.txt",),
    "With --posture": ("scan-posture.txt",),
    "One finding": ("scan-one-80.txt", "scan-one-160.txt"),
    "One finding as JSON, and as YAML": ("scan.json", "scan.yaml"),
    "Three hundred findings, 80 columns": ("scan-many-80.txt",),
    "Three hundred findings, 160 columns": ("scan-many-160.txt",),
    "The watch screen of the broken shop": ("watch-broken-80.txt", "watch-broken-160.txt"),
    "The watch screen while nobody answers": ("watch-lost-80.txt",),
    "The watch screen when nothing hurts": ("watch-healthy-80.txt", "watch-healthy-160.txt"),
    "The watch screen with one finding": ("watch-one-80.txt", "watch-one-160.txt"),
    "The watch screen with three hundred": ("watch-many-80.txt", "watch-many-160.txt"),
    "A watch into a pipe": ("watch-lines.txt",),
    "A watch as JSON lines": ("watch-lines.jsonl",),
    "A proposal before anybody approves it, 60 columns": ("card-60.txt",),
    "The same, 120 columns": ("card-120.txt",),
    "The same as Markdown": ("card.md.txt",),
}

FILES: Mapping[str, Callable[[], str]] = {
    **{f"{FOLDER}/{name}": make for name, make in {**TERMINALS, **FORMS}.items()},
    f"{FOLDER}.md": page,
}


def main() -> None:
    """Write all of them."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent
    for name, make in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make())


if __name__ == "__main__":
    main()
