"""The escape suite: whatever is proposed, the policy and its restatement say the same of it.

- Four sources: something legitimate with a few things changed, something with many changed, texts
  by a grammar, and plans. At least a fifth of all is legitimate and must go through, or a policy
  that refuses everything would pass; so must a fifth of the plans, to their end.
- Of a plan each step is asked for in its turn, as long as those before it are allowed, and one at
  any time.
- Each layer alone keeps out a share of them, and exactly those go through when it is switched off.

The judge is `restated.py`, which imports nothing of ours.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from holdfast import actions
from holdfast.conformance.asking import ask_of
from holdfast.conformance.grammar import a_text
from holdfast.conformance.hostile import CHANGES, Dice, a_case, a_plan, legitimate
from holdfast.conformance.restated import Case, meant, plan_refusers, refusers
from holdfast.conformance.several import Several
from holdfast.conformance.sights import ACTIONS
from holdfast.errors import BadInput
from holdfast.model.asks import Ask
from holdfast.model.counted import Counted, counted
from holdfast.model.repairs import Action, plain_of
from holdfast.policy import LAYERS, SURROUNDINGS, Layer, decide

ALL: tuple[Layer, ...] = (*LAYERS, *SURROUNDINGS)
LEAST_LEGITIMATE = 5  # one in so many
BY_CHANCE = 50  # of so many plans, chance decides
LEAST_ALONE = 200  # for each layer, one in so many; of the first thousand, chance decides


def escape(seed: int, number: int, layers: Sequence[Layer] = ALL) -> Iterator[Counted]:
    """That many proposals of a hostile world, as those layers judge them."""
    dice = random.Random(seed)  # noqa: S311 - it repeats itself, on purpose
    tried = _Tried(layers)
    for _ in range(number):
        tried.take(dice)
    yield counted("escape: proposals", number, tried.wrong, seed)
    few = [f"{tried.allowed} of {number} are legitimate"]
    too_few = few if tried.allowed * LEAST_LEGITIMATE < number else []
    yield counted("escape: legitimate ones, gone through", tried.allowed, too_few, seed, among=True)
    whole, plans = tried.to_the_end, tried.plans
    short = whole * LEAST_LEGITIMATE < plans - BY_CHANCE
    told = [f"{whole} of {plans} plans are legitimate"] if short else []
    yield counted("escape: plans among them", plans, (), seed, among=True)
    yield counted("escape: plans done to their end", whole, told, seed, among=True)
    yield counted("escape: texts refused at the door", tried.at_the_door, (), seed, among=True)
    for layer in LAYERS:
        name = layer.__name__
        n = tried.alone[name]
        rare = [f"{name} alone refused {n} of {number}"] if n * LEAST_ALONE < number - 1000 else []
        yield counted(f"escape: refused by {name} alone", n, rare, seed, among=True)


class _Tried:
    """What came of them so far."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self.wrong: list[str] = []
        self.allowed = 0
        self.at_the_door = 0
        self.plans = 0
        self.to_the_end = 0
        self.alone: Counter[str] = Counter()

    def take(self, dice: Dice) -> None:
        """One more, from one of the four sources."""
        match dice.choices(("mutated", "random", "written", "plan"), (60, 10, 25, 5))[0]:
            case "mutated":
                self._judge(a_case(dice), dice)
            case "random":
                case = legitimate(dice)
                for _ in range(dice.randrange(4, 12)):
                    dice.choice(CHANGES)(case, dice)
                self._judge(case, dice)
            case "plan":
                self._planned(a_plan(dice), dice)
            case _:
                self._written(dice)

    def _planned(self, steps: list[Case], dice: Dice) -> None:
        several, last = Several(steps, self._layers), len(steps)
        self._same(several, steps, dice.randint(1, last), dice.randrange(last))
        self.plans += 1
        if all(self._same(several, steps, step, step - 1) for step in range(1, last + 1)):
            self.allowed += 1
            self.to_the_end += 1

    def _same(self, several: Several, steps: list[Case], step: int, verified: int) -> bool:
        """Whether that step is to be done now, when so many are verified."""
        said, must = several.refused_by(step, verified), plan_refusers(steps, step, verified)
        if said != must:
            about = f"step {step} with {verified} verified: {steps}"
            self.wrong.append(f"{sorted(said)} refused it, and {sorted(must)} must: {about}")
        return not said

    def _written(self, dice: Dice) -> None:
        case = legitimate(dice)
        text = a_text(dice, case["action"])
        told, action = meant(text), _read(text)
        if told != (None if action is None else plain_of(action)):
            self.wrong.append(f"the text {text!r} means {told} and was read as {action}")
        elif action is None:
            self.at_the_door += 1
        elif plain_of(action)["params"] == plain_of(ACTIONS[case["action"]])["params"]:
            self._judge(case, dice, action)

    def _judge(self, case: Case, dice: Dice, action: Action | None = None) -> None:
        ask, must = ask_of(case, action), refusers(case)
        verdict = decide(ask, self._layers)
        said = {refusal.by for refusal in verdict.refusals}
        if said != must or verdict.allows != (not must):
            self.wrong.append(f"{sorted(said)} refused it, and {sorted(must)} must: {case}")
        self.allowed += verdict.allows
        if len(said) == 1:
            self.alone.update(said)
        off = dice.choice(ALL).__name__ if len(said) != 1 else next(iter(said))
        if self._without(off, ask) != (must <= {off}):
            self.wrong.append(f"without {off}, what only {sorted(must)} must refuse: {case}")

    def _without(self, name: str, ask: Ask) -> bool:
        """Whether it goes through when that layer is switched off."""
        rest = [layer for layer in self._layers if layer.__name__ != name]
        return decide(ask, rest).allows


def _read(text: str) -> Action | None:
    try:
        return actions.read(text)
    except BadInput:
        return None
