"""`holdfast propose`, as it is declared."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter

from holdfast.surfaces.cli.commands.words import (
    CURRENT,
    Everywhere,
    Namespaces,
    Place,
    State,
    namespaces,
)
from holdfast.surfaces.cli.doors import Doors

DO = Group("What to do about it", sort_key=3)


def declare(app: App, doors: Doors) -> None:
    """Add the command."""

    @app.command
    def propose(
        trouble: str = "",
        /,
        *,
        action: Annotated[str, Parameter(group=DO, show_default=False)] = "",
        target: Annotated[str, Parameter(group=DO, show_default=False)] = "",
        from_patch: Annotated[Path | None, Parameter(group=DO, allow_leading_hyphen=True)] = None,
        patch_type: Annotated[
            Literal["strategic", "merge", "json"], Parameter(group=DO)
        ] = "strategic",
        plan: Annotated[Path | None, Parameter(group=DO, allow_leading_hyphen=True)] = None,
        list_only: Annotated[
            bool, Parameter(name=["--list"], group=DO, negative=(), show_default=False)
        ] = False,
        namespace: Namespaces = (),
        all_namespaces: Everywhere = False,
        place: Place = CURRENT,
        output: Annotated[
            Literal["text", "json", "yaml", "markdown"], Parameter(name=["--output", "-o"])
        ] = "text",
        policy: Path | None = None,
        state: State = None,
    ) -> int:
        """Say what could be done about a trouble, and have it proposed if that is one thing.

        Scans with your own kubeconfig, lists what is allowed, what is refused and by which layer,
        or says why a person has to see to it. With one thing that is allowed, or the one that you
        name, the keeper has the API server compute what would come of it, and the card is shown:
        nothing is done before people approve it. Exits 0 when there is a proposal to approve or
        something to choose from, 3 when nothing can be done or the keeper refuses it, and 2 when
        it could not look.

        Parameters
        ----------
        trouble
            The id of a trouble (`trb_...`) or of a finding of it (`fnd_...`), or
            CODE:Kind/namespace/name.
        action
            The kind of action to propose; also one that is refused, to have every layer's answer.
        target
            The object to do it to, where there are several: `shop/web`, or `Pod/shop/web-1`.
        from_patch
            A kubectl patch, or `-` for standard input: if it equals an action of ours that answers
            this trouble, that is proposed; anything else is refused, and the nearest named. Without
            a trouble, it or --target names the object, and the trouble that it answers is found;
            the namespace is the one that is written there or named with -n, and never guessed.
        patch_type
            How the patch is meant, as kubectl's `--type`.
        plan
            A file that names up to five repairs, or `-` for standard input, in place of a trouble:
            they are judged, shown and signed as one, and each is done when the one before has
            recovered.
        list_only
            Propose nothing.
        namespace
            Look only there; can be given more than once.
        all_namespaces
            Look everywhere (the default).
        output
            How the card is shown: `text`, `json`, `yaml` or `markdown`.
        policy
            The folder of the leash to judge by here (default: $HOLDFAST_POLICY).
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.errors import BadInput
        from holdfast.model.patches import Form
        from holdfast.surfaces.cli.repairs import listing, plan_files, proposing, wishes

        source = place.source(namespaces(namespace, everywhere=all_namespaces))
        if plan is not None:
            if trouble or action or target or from_patch or list_only:
                raise BadInput("A plan says all of that itself.", remedy="Name the file alone.")
            read, form = plan_files.read(plan), listing.Output(output)
            return proposing.propose_plan(doors, doors.ground(state), source, read, form)
        if not trouble and from_patch is None:
            raise BadInput(
                "Nothing is named that could be repaired.",
                remedy="Name a trouble of `holdfast scan`, or a file with --from-patch or --plan.",
            )
        patch = None
        if from_patch is not None:
            patch = wishes.Written(file=from_patch, form=Form(patch_type))
        wish = wishes.Wish(
            trouble=trouble,
            action=action,
            target=target,
            list_only=list_only,
            output=listing.Output(output),
            policy=policy,
            patch=patch,
            namespaces=source.namespaces or (),
        )
        return proposing.propose(doors, doors.ground(state), source, wish)
