"""The commands about repairs, as they are declared: propose, approve, watch, take back, freeze."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter

from holdfast.surfaces.cli.commands.words import State
from holdfast.surfaces.cli.doors import Doors

SIGN = Group("How it is signed", sort_key=4)

type Form = Annotated[
    Literal["text", "json", "yaml", "markdown"], Parameter(name=["--output", "-o"])
]
type Lines = Annotated[Literal["text", "json"], Parameter(name=["--output", "-o"])]
type Key = Annotated[Path | None, Parameter(group=SIGN)]
type Print = Annotated[
    bool, Parameter(name=["--print"], group=SIGN, negative=(), show_default=False)
]
type File = Annotated[Path | None, Parameter(group=SIGN)]
type Yes = Annotated[bool, Parameter(name=["--yes"], negative=(), show_default=False)]
type Switch = Annotated[bool, Parameter(negative=(), show_default=False)]


def declare(app: App, doors: Doors) -> None:
    """Add the commands."""
    _declare_looking(app, doors)
    _declare_saying(app, doors)
    _declare_switching(app, doors)


def _declare_looking(app: App, doors: Doors) -> None:
    @app.command
    def proposals(
        id: str = "",  # noqa: A002 - what people call it
        /,
        *,
        output: Form = "text",
        last: int = 20,
        open_only: Annotated[
            bool, Parameter(name=["--open"], negative=(), show_default=False)
        ] = False,
        state: State = None,
    ) -> int:
        """List the proposals that have not ended and the newest others, or show one as its card.

        Parameters
        ----------
        id
            The proposal to show, with everything that an approval of it signs.
        output
            `text` for people, `json` and `yaml` for programs, `markdown` for a ticket (of one).
        last
            How many of the newest.
        open_only
            Only those that have not ended.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli.repairs import listing

        form = listing.Output(output)
        if id:
            return listing.show(doors.ground(state), id, form)
        return listing.listed(doors.ground(state), form, last, open_only=open_only)

    @app.command
    def watch(
        id: str,  # noqa: A002 - what people call it
        /,
        *,
        output: Lines = "text",
        state: State = None,
    ) -> int:
        """Follow a proposal to its end: what happens, what is waited for, and for how long.

        Exits 0 when the target has recovered, 1 when it has not or was taken back, 3 when nothing
        was done (refused, rejected, expired, failed), 4 when nobody can tell whether it was done,
        and 2 when no keeper is there to go on with it, or its row says otherwise than the record,
        or is ahead of it for a minute.

        Parameters
        ----------
        id
            The proposal.
        output
            `text` for people, `json` for programs: one object on a line for each thing that
            happens.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli.repairs import following

        return following.follow(doors.ground(state), id, json=output == "json")


def _declare_saying(app: App, doors: Doors) -> None:
    @app.command
    def approve(
        id: str,  # noqa: A002 - what people call it
        /,
        *,
        reason: str = "",
        key: Key = None,
        print_only: Print = False,
        statement: File = None,
        signature: File = None,
        step: Annotated[int | None, Parameter(group=SIGN)] = None,
        yes: Yes = False,
        state: State = None,
    ) -> int:
        """Show a proposal, and approve it with a signature by your own SSH key or agent.

        What is signed is the digest of what is shown. Exits 0 when the keeper has recorded it, 3
        when it is refused, too late, or you did not mean it, and 2 when it could not be asked.

        Of a plan, each step is signed and handed over in its order. Steps that you have signed
        before are skipped. Exits 0 when all the others are recorded, and 3 at the first one that is
        refused (those before it stay recorded, those after it are not handed over), or when you
        had signed every step before, so that nothing of it was left for you.

        Parameters
        ----------
        id
            The proposal.
        reason
            Why, if you want it to stand in what you sign.
        key
            Your private key, or the `.pub` of one that your agent holds (default: the only key of
            your agent, then ~/.ssh/id_ed25519, id_ecdsa or id_rsa).
        print_only
            Print the statement to sign, byte by byte, and hand nothing over; the card goes to
            standard error. Sign it with: ssh-keygen -Y sign -n holdfast-approval -f KEY FILE
        statement
            A statement that you signed by hand, as `--print` gave it.
        signature
            The signature over it, as ssh-keygen wrote it.
        step
            Of a plan, the step to sign alone: each is approved by itself (default: all of them).
        yes
            Do not ask whether you mean it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.approvals.statements import Decision
        from holdfast.surfaces.cli.repairs import approving

        wish = approving.Wish(
            id=id,
            decision=Decision.APPROVE,
            step=step,
            reason=reason,
            key=key,
            print_only=print_only,
            statement=statement,
            signature=signature,
            yes=yes,
        )
        return approving.say(doors.ground(state), doors.signing, wish, doors.now())

    @app.command
    def reject(
        id: str,  # noqa: A002 - what people call it
        /,
        *,
        reason: str = "",
        key: Key = None,
        yes: Yes = False,
        state: State = None,
    ) -> int:
        """Say no to a proposal, with a signature: nobody can approve it any more.

        Exits as `holdfast approve` does.

        Parameters
        ----------
        id
            The proposal.
        reason
            Why; it is recorded. Nothing is signed without.
        key
            Your private key, or the `.pub` of one that your agent holds.
        yes
            Do not ask whether you mean it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.approvals.statements import Decision
        from holdfast.surfaces.cli.repairs import approving

        wish = approving.Wish(id=id, decision=Decision.REJECT, reason=reason, key=key, yes=yes)
        return approving.say(doors.ground(state), doors.signing, wish, doors.now())

    @app.command
    def undo(
        id: str,  # noqa: A002 - what people call it
        /,
        *,
        reason: str = "",
        key: Key = None,
        yes: Yes = False,
        state: State = None,
    ) -> int:
        """Have taken back what was done, with a signature, if that kind of repair can be.

        As soon as it is done, and also when it has recovered, until a day after the act. It is
        refused where somebody else has changed the same fields since. Exits as
        `holdfast approve` does.

        Parameters
        ----------
        id
            The proposal that was carried out.
        reason
            Why; it is recorded. Nothing is signed without.
        key
            Your private key, or the `.pub` of one that your agent holds.
        yes
            Do not ask whether you mean it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.approvals.statements import Decision
        from holdfast.surfaces.cli.repairs import approving

        wish = approving.Wish(id=id, decision=Decision.UNDO, reason=reason, key=key, yes=yes)
        return approving.say(doors.ground(state), doors.signing, wish, doors.now())


def _declare_switching(app: App, doors: Doors) -> None:
    @app.command
    def freeze(*, reason: str = "", undo_too: Switch = False, state: State = None) -> int:
        """Have nothing new done in the cluster, until a person signs that it goes on.

        It takes no signature, and is no end to every change: what is being watched is still taken
        back where it did not help. A plan that is under way goes no further, and so its steps that
        were done are taken back as well, the verified ones too, where `leash.yaml` has that done by
        itself and they have a way back. `--undo-too` leaves all as it is.

        A second freeze never weakens the first, nor takes its place: who was first stays named.

        Parameters
        ----------
        reason
            Why; whoever is refused is told. Nothing is frozen without.
        undo_too
            Leave also as it is what would be taken back, the steps of plans among it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli.repairs import freezing

        return freezing.freeze(doors.ground(state), reason, doors.now(), undo_too=undo_too)

    @app.command
    def thaw(
        switch: str = "freeze",
        /,
        *,
        reason: str = "",
        key: Key = None,
        print_only: Print = False,
        statement: File = None,
        signature: File = None,
        yes: Yes = False,
        state: State = None,
    ) -> int:
        """Have it go on after a freeze, or after the breaker of a class, with a signature.

        Exits as `holdfast approve` does.

        Parameters
        ----------
        switch
            `freeze`, or the breaker of a class, as `breaker/restart`.
        reason
            Why; it is recorded. Nothing is switched back without.
        key
            Your private key, or the `.pub` of one that your agent holds.
        print_only
            Print the statement to sign, and hand nothing over. Sign it with: ssh-keygen -Y sign
            -n holdfast-thaw -f KEY FILE
        statement
            A statement that you signed by hand, as `--print` gave it.
        signature
            The signature over it, as ssh-keygen wrote it.
        yes
            Do not ask whether you mean it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli.repairs import freezing

        wish = freezing.Wish(
            switch=switch,
            reason=reason,
            key=key,
            print_only=print_only,
            statement=statement,
            signature=signature,
            yes=yes,
        )
        return freezing.thaw(doors.ground(state), doors.signing, wish, doors.now())
