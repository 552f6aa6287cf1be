"""What holds between the steps of a plan: each must be judged as if it stood alone, and can be.

- No two are about one object, nor is one about what belongs to another's: what one step does would
  be judged by what another left, or would be gone with it.
- As hard as the hardest: the risk of each is that of the riskiest, and judged by again.
"""

from collections.abc import Iterator, Sequence

import msgspec

from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.proposals import Proposal
from holdfast.ports import Hands
from holdfast.workflow.managed_by import chain_of

BY = "plan"


def of_step(no: Refusal, step: int) -> Refusal:
    """The same, saying of which step."""
    return Refusal(by=no.by, because=f"step {step}: {no.because}")


async def entangled(hands: Hands, targets: Sequence[Document]) -> Refusal | None:
    """Why those cannot be the targets of one plan. Raises `CouldNotLook` where nobody answers."""
    if len(targets) == 1:
        return None
    uids = [each.ref.uid for each in targets]
    if len(set(uids)) < len(uids):
        return Refusal(by=BY, because="two of its steps are about one object")
    for number, target in enumerate(targets, 1):
        chain = await chain_of(hands, target)
        if chain is None:
            because = f"it cannot be told to whom the target of step {number} belongs"
            return Refusal(by=BY, because=because)
        for above in chain:
            if above.ref.uid != target.ref.uid and above.ref.uid in uids:
                other = uids.index(above.ref.uid) + 1
                because = f"the target of step {number} belongs to that of step {other}"
                return Refusal(by=BY, because=f"{because}, and may go with it")
    return None


def hardened(steps: Sequence[Proposal]) -> Iterator[tuple[Proposal, tuple[str, ...]]]:
    """Each, of the risk of the riskiest, and why that is more than its own."""
    hardest = max(steps, key=lambda each: each.risk)
    number = 1 + steps.index(hardest)
    for each in steps:
        if each.risk < hardest.risk:
            why = f"step {number} is of {hardest.risk.name.lower()} risk, and so is all of the plan"
            yield msgspec.structs.replace(each, risk=hardest.risk), (why,)
        else:
            yield each, ()
