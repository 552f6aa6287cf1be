"""kubectl understands every command that a finding ends with."""

import subprocess

from lab.control_plane import Lab
from tests.steps import steps
from tests.tally import Count, Tally

# What kubectl says of a command that it does not understand, whatever the cluster holds.
MISUNDERSTOOD = (
    "unknown command",
    "unknown flag",
    "unknown shorthand",
    "flag needs an argument",
    "invalid argument",
    "error: unable to parse",
    "unable to match a printer",
    "error parsing",
    "you must specify",
    "required",
    "See 'kubectl",
    "syntax error",
)

CHANGES = tuple(
    f"kubectl {verb} "
    for verb in ("annotate", "create", "delete", "label", "rollout undo", "uncordon")
)


def test_kubectl_understands_every_command(lab: Lab, tally: Tally) -> None:
    kubectl = f"{lab.kubectl_path} --kubeconfig {lab.kubeconfig()}"
    said_to_do = [s.command for s in steps() if s.command.startswith(("kubectl ", "echo "))]
    commands = [*dict.fromkeys(said_to_do)]  # several rules say the same
    wrong: list[str] = []
    for command in commands:
        dry = command.startswith((*CHANGES, "echo ")) and "--dry-run" not in command
        tried = command + (" --dry-run=server" if dry else "")
        said = subprocess.run(
            ["bash", "-c", tried.replace("kubectl ", f"{kubectl} ")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if any(word in said.stderr for word in MISUNDERSTOOD):
            wrong.append(f"{command}: {said.stderr.strip()}")
    tally(
        Count("cluster: commands of findings that kubectl understands", len(commands), len(wrong))
    )
    assert [] == wrong
