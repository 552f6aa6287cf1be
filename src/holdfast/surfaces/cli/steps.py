"""A next step: a sentence, and the command to type, if it ends in one."""

from holdfast.surfaces.cli.text import clean

TOOLS = ("kubectl ", "echo ", "holdfast ", "helm ", "flux ", "argocd ", "velero ", "cmctl ")


def parted(step: str) -> tuple[str, str]:
    """The sentence, and the command; empty where there is none."""
    sentence, _, command = step.rpartition(": ")
    if not command.startswith(TOOLS):
        return step, ""
    return f"{sentence}:", clean(command)
