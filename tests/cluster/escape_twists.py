"""What a hostile world does to a proposal: by its letter, by people's words, and behind its back.

Each says what it did, whether that keeps it from being done, and the same to the restatement. One
that does not fit the proposal does nothing. Some mean no harm, and must keep nobody from anything.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from holdfast.conformance.grammar import TWISTS
from holdfast.conformance.hostile import Dice
from holdfast.conformance.restated import meant
from holdfast.errors import NotCanonical
from holdfast.model.canonical import canonical
from lab.client import MERGE, STRATEGIC
from tests.cluster.changing import FLUX, READS, STATUS, TRACKED
from tests.cluster.escape_tries import Said, Tried
from tests.cluster.escape_world import World, leaver

type Raw = dict[str, Any]
type Twist = Callable[[Tried, World, Dice], bool]
"""Whether it fits."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
MARKS: tuple[tuple[str, Raw], ...] = (
    ("annotations", TRACKED),
    ("annotations", {"meta.helm.sh/release-name": "shop"}),
    ("labels", FLUX),
    ("labels", {"helm.toolkit.fluxcd.io/name": "shop"}),
    ("labels", {"app.kubernetes.io/managed-by": "Helm"}),
    ("labels", {"app.kubernetes.io/managed-by": "FluxCD"}),
)
MANAGERS = ("argocd-controller", "kustomize-controller", "helm", "flux")
STRANGE: tuple[Raw, ...] = (
    {"approved": True},
    {"risk": "low"},
    {"namespace": "kube-system"},
    {"target": "web"},
    {"params": ["--force"]},
    {"action": 7},
    {"code": ""},
    {"trouble": "x" * 400},
    {"requester": None},
)
OTHERS = (
    ("v1", "Secret"),
    ("v1", "Namespace"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("apps/v1", "deployment"),
    ("apps/v1beta1", "Deployment"),
    ("v1 ", "Pod"),
)
ODD_NAMES: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.title,
    lambda name: f"{name} ",
    lambda name: f"{name}\n",
    lambda name: f"{name}\u200b",
    lambda name: f"../{name}",
    lambda name: name.replace("e", "\u0435"),
    lambda name: "".join(chr(ord(each) + 0xFEE0) for each in name),
    lambda name: f"{name}%2f..",
    lambda name: f"{name}\x00",
)
MADE: tuple[tuple[str, Raw], ...] = (
    ("act", {"proposal": "{id}", "step": 1, "generation": 1}),
    ("execute", {"proposal": "{id}"}),
    ("approve", {"proposal": "{id}", "person": "ana"}),
    ("ticket", {"digest": "{digest}", "step": 1, "tier": 1}),
    ("word", {"statement": "approve {id}", "signature": "ana"}),
    ("word", {"statement": "", "signature": ""}),
    ("word", {"proposal": "{id}", "digest": "{digest}", "decision": "approve", "person": "ana"}),
    ("thaw", {"statement": "{id}", "signature": "x"}),
    ("WORD", {"statement": "approve {id}", "signature": "ana"}),
)
UNANSWERED = ("HF-NET-001", "HF-WRK-999", "HF-SEC-001", "image_not_found", "HF", "*")


def against(tried: Tried, what: str, **changed: object) -> bool:
    """That keeps it from being done, and the restatement is told the same."""
    tried.against.append(what)
    tried.case.update(changed)
    return True


# by its letter


def odd_text(tried: Tried, _: World, dice: Dice) -> bool:
    """An action in odd spelling, out of bounds, with more or less than it has, or cut off."""
    told = {"kind": tried.letter["action"], "params": tried.letter["params"]}
    text = dice.choice(TWISTS)(json.dumps(told), dice)
    try:
        read = json.loads(text)
        canonical(read)  # else no letter can hold it, and it is handed over as the text that it is
    except (ValueError, NotCanonical):
        read = None
    if not isinstance(read, dict) or set(read) != {"kind", "params"}:
        tried.letter = {"text": text}
    elif meant(json.dumps(read)) is not None:
        return False
    else:
        tried.letter |= {"action": read["kind"], "params": read["params"]}
    return against(tried, "an odd text")


def strange_letter(tried: Tried, _: World, dice: Dice) -> bool:
    tried.letter |= dice.choice(STRANGE)
    return against(tried, "a letter of another form", smuggled=True)


def odd_name(tried: Tried, _: World, dice: Dice) -> bool:
    target, part = tried.letter["target"], dice.choice(("name", "namespace", "uid"))
    changed = dice.choice(ODD_NAMES)(target[part])
    same, target[part] = changed == target[part], changed
    return not same and against(tried, f"an odd {part}", read_uid="another")


def elsewhere(tried: Tried, _: World, dice: Dice) -> bool:
    tried.letter["target"]["namespace"] = dice.choice(("default", "kube-system", "vault", ""))
    return against(tried, "another namespace", read_uid="another")


def other_uid(tried: Tried, _: World, dice: Dice) -> bool:
    made_up = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    tried.letter["target"]["uid"] = made_up
    return against(tried, "another uid", uid=made_up)


def other_kind(tried: Tried, _: World, dice: Dice) -> bool:
    version, kind = dice.choice(OTHERS)
    tried.letter["target"] |= {"api_version": version, "kind": kind}
    return against(tried, "a target of another kind", target=f"{version} {kind}")


def other_action(tried: Tried, _: World, dice: Dice) -> bool:
    """One that is not done to such an object."""
    other = "DeletePod" if tried.ground.action != "DeletePod" else "DeleteJob"
    if dice.random() < 0.5:
        other = "DeleteResourceQuota" if tried.ground.action != "DeleteResourceQuota" else other
    tried.letter |= {"action": other, "params": {}}
    return against(tried, "an action for others", as_it_must_be=False)


def unanswered(tried: Tried, _: World, dice: Dice) -> bool:
    code = tried.letter["code"]
    tried.letter["code"] = dice.choice((*UNANSWERED, code.lower(), f"{code} "))
    return against(tried, "a code that it answers not", as_it_must_be=False)


def healthy(tried: Tried, world: World, dice: Dice) -> bool:
    """One beside it, of which nothing is found."""
    target = tried.letter["target"]
    name = f"well-{dice.randrange(16**6):06x}"
    if target["kind"] == "ResourceQuota":
        spec: Raw = {"hard": {"pods": "1000"}}
    elif target["kind"] in ("Deployment", "StatefulSet"):
        pod = {"containers": [{"name": "app", "image": "registry.example/web:1"}]}
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": pod}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        spec |= {"serviceName": name} if target["kind"] == "StatefulSet" else {}
    else:
        return False
    path = tried.ground.path.rpartition("/")[0]
    body = {"apiVersion": target["api_version"], "kind": target["kind"], "spec": spec}

    def make() -> None:
        made = world.installed.admin.send("POST", path, body={**body, "metadata": {"name": name}})
        assert made.ok, made.body
        target.update(name=name, uid=made.json()["metadata"]["uid"])

    tried.before.append(make)
    tried.after.append(lambda: _sent(world, "DELETE", f"{path}/{name}"))
    return against(tried, "a healthy target", as_it_must_be=False)


def misfit(tried: Tried, _: World, dice: Dice) -> bool:
    """Parameters that are well formed and not true of this target."""
    params: Raw = tried.letter["params"]
    match tried.ground.action:
        case "RolloutUndo":
            changed: Raw = {"uid": str(uuid.UUID(int=dice.getrandbits(128), version=4))}
        case "ScaleWorkload":
            now = params.get("now", 1)
            changed = dice.choice(({"now": now + 1}, {"replicas": now}))
        case "PatchProbe":
            changed = dice.choice(({"container": "nobody"}, {"probe": "liveness"}))
        case _:
            return False
    if tried.letter["action"] != tried.ground.action:
        return False
    params |= changed
    return against(tried, "parameters that do not fit", as_it_must_be=False)


# by people's words


def nobody(tried: Tried, _: World, __: Dice) -> bool:
    tried.words = []
    return against(tried, "nobody says yes")


def too_few(tried: Tried, _: World, dice: Dice) -> bool:
    if not tried.wants_two or not tried.words:
        return False
    one = tried.words[0]
    others = [[], [one], [Said(who="eve")], [Said(who="rex", revoked=True)], [Said(who="dan")]]
    tried.words = [one, *dice.choice(others)]
    return against(tried, "too few say yes")


def other_group(tried: Tried, _: World, __: Dice) -> bool:
    tried.words = [Said(who="dan")]
    return against(tried, "somebody of another group says yes")


def requester(tried: Tried, _: World, dice: Dice) -> bool:
    if not tried.words:
        return False
    who = tried.words[0].who
    spelled = dice.choice((who, who.upper(), f"cli:{who}", f"{who} ", f"{who[0]}\u200b{who[1:]}"))
    tried.letter["requester"] = spelled
    tried.words = tried.words[:1]
    return against(tried, "whoever asked says yes", requester=who)


def worthless(tried: Tried, _: World, dice: Dice) -> bool:
    """Words that are nobody's yes to this."""
    if not tried.words:
        return False
    who = tried.words[0].who
    kinds: list[Said] = [
        Said(who="eve"),
        Said(who="rex", revoked=True),
        Said(who=who, purpose="file"),
        Said(who=who, forged="statement"),
        Said(who=who, forged="signature"),
        Said(who=who, changed={"until": 0}),
        Said(who=who, changed={"step": 2}),
        Said(who=who, changed={"decision": "reject"}),
        Said(who=who, changed={"decision": "undo"}),
        *[Said(who=who, changed={each: "another"}) for each in ("cluster", "proposal", "digest")],
        *[Said(who=who, replays=True)] * 3,
    ]
    tried.words = dice.sample(kinds, dice.choice((1, 1, 2)))
    return against(tried, "words that are no yes to this")


def hand_made(tried: Tried, _: World, dice: Dice) -> bool:
    """No words: letters and drafts that say what only the keeper can say."""
    tried.words = []
    tried.made = dice.sample(MADE, 3)
    tried.drafted = True
    return against(tried, "letters and drafts made by hand")


# behind its back


def protected(tried: Tried, world: World, _: Dice) -> bool:
    namespace = tried.ground.namespace
    tried.before.append(partial(world.protect, namespace))
    tried.after.append(partial(world.release, namespace))
    return against(tried, "its namespace is protected", protected={namespace})


def kept(tried: Tried, world: World, dice: Dice) -> bool:
    """It carries a mark of what delivers it."""
    of, mark = dice.choice(MARKS)
    return _marked(tried, world, tried.ground.path, {of: mark}, tried.before)


def written_by(tried: Tried, world: World, dice: Dice) -> bool:
    """Its fields say who writes it."""
    metadata = {"annotations": {"example.com/sync": f"{dice.randrange(10**6)}"}}
    manager = dice.choice(MANAGERS)
    return _marked(tried, world, tried.ground.path, metadata, tried.before, manager)


def owner_kept(tried: Tried, world: World, dice: Dice) -> bool:
    """What made it carries the mark."""
    if tried.ground.action not in ("DeletePod", "DeleteJob"):
        return False
    of, mark = dice.choice(MARKS)
    return _marked(tried, world, tried.ground.owner(), {of: mark}, tried.before)


def _marked(
    tried: Tried,
    world: World,
    path: str,
    metadata: Mapping[str, Raw],
    when: list[Callable[[], None]],
    manager: str = "somebody",
) -> bool:
    if tried.after:
        return False  # two that change the same back are one too many
    without = {of: dict.fromkeys(marks) for of, marks in metadata.items()}
    query = {"fieldManager": manager}
    when.append(partial(_sent, world, "PATCH", path, {"metadata": metadata}, query))
    tried.after.append(partial(_taken_off, world, path, {"metadata": without}, query))
    tried.case["managed"] = ["somebody"]
    allowed = tried.of_class == "restart" and world.restarts_of_managed
    return allowed or against(tried, "a delivery tool keeps it")


def _sent(
    world: World,
    method: str,
    path: str,
    body: Raw | None = None,
    query: Mapping[str, str | int] | None = None,
) -> None:
    kind = MERGE if method == "PATCH" else "application/json"
    done = world.installed.admin.send(method, path, body=body, kind=kind, query=dict(query or {}))
    assert done.ok, done.body


def _taken_off(world: World, path: str, body: Raw, query: Mapping[str, str | int]) -> None:
    """Whoever is gone carries nothing any more."""
    admin = world.installed.admin
    done = admin.send("PATCH", path, body=body, kind=MERGE, query=dict(query))
    assert done.ok or done.code == 404, done.body


def kept_meanwhile(tried: Tried, world: World, dice: Dice) -> bool:
    # Its labels are what a pod or a quota was judged by as well.
    annotations = [(of, mark) for of, mark in MARKS if of == "annotations"]
    of, mark = dice.choice(annotations)
    return _marked(tried, world, tried.ground.path, {of: mark}, tried.meanwhile)


def protected_meanwhile(tried: Tried, world: World, _: Dice) -> bool:
    namespace = tried.ground.namespace
    tried.meanwhile.append(partial(world.protect, namespace))
    tried.after.append(partial(world.release, namespace))
    return against(tried, "its namespace is protected by then", protected={namespace})


def forbidden_meanwhile(tried: Tried, world: World, _: Dice) -> bool:
    namespace = tried.ground.namespace
    tried.meanwhile.append(partial(world.forbid, namespace))
    tried.after.append(partial(world.release, namespace))
    return against(tried, "the operator's policy forbids it by then", operator=False)


def gone_meanwhile(tried: Tried, world: World, _: Dice) -> bool:
    """Who said yes is revoked."""
    who = leaver(tried.ground.number)
    tried.words = [Said(who=who, revoked=True), *tried.words[: int(tried.wants_two)]]
    tried.meanwhile.append(partial(world.revoke, who))
    tried.after.append(partial(world.take_in, who))
    return against(tried, "who said yes is revoked by then")


# behind its back, and nothing else can be tried there after that


def made_again(tried: Tried, world: World, _: Dice) -> bool:
    tried.meanwhile.append(partial(world.others.make_again, tried.ground.path))
    return against(tried, "it was made again", read_uid="another")


def another_field(tried: Tried, world: World, _: Dice) -> bool:
    body = READS[tried.ground.action]
    tried.meanwhile.append(partial(world.others.patch, tried.ground.path, body))
    return against(tried, "what it was judged by has changed", as_it_must_be=False)


def removed(tried: Tried, world: World, _: Dice) -> bool:
    tried.meanwhile.append(partial(_sent, world, "DELETE", tried.ground.path))
    return against(tried, "it is gone", read_uid="another")


# without harm


def stranger_first(tried: Tried, _: World, dice: Dice) -> bool:
    odd = (Said(who="eve"), Said(who="rex", revoked=True), Said(who="ana", forged="signature"))
    tried.words = [dice.choice(odd), *tried.words]
    return True


def instance_of_nobody(tried: Tried, world: World, _: Dice) -> bool:
    """Every chart sets that label; it is Argo CD's where there is such an Application."""
    metadata = {"labels": {"app.kubernetes.io/instance": "shop"}}
    tried.before.append(
        partial(_sent, world, "PATCH", tried.ground.path, {"metadata": metadata}, {})
    )
    return True


def status_alone(tried: Tried, world: World, _: Dice) -> bool:
    kind = tried.ground.target["kind"]
    if kind not in STATUS:
        return False
    path = f"{tried.ground.path}/status"
    tried.meanwhile.append(partial(world.others.patch, path, STATUS[kind], STRATEGIC))
    return True


HOSTILE: tuple[Twist, ...] = (
    *[odd_text] * 4,
    strange_letter,
    *[odd_name] * 2,
    elsewhere,
    other_uid,
    other_kind,
    other_action,
    unanswered,
    healthy,
    *[misfit] * 2,
    nobody,
    *[too_few] * 4,
    other_group,
    requester,
    *[worthless] * 4,
    *[hand_made] * 2,
    protected,
    *[kept] * 2,
    written_by,
    owner_kept,
    kept_meanwhile,
    protected_meanwhile,
    forbidden_meanwhile,
    *[gone_meanwhile] * 2,
)
SPOILING: tuple[Twist, ...] = (made_again, another_field, removed)
HARMLESS: tuple[Twist, ...] = (stranger_first, instance_of_nobody, status_alone)
