"""What `holdfast --help` prints; made by `make generate` from the commands."""

OVERVIEW = """\
Usage: holdfast COMMAND [OPTIONS]      (also as: kubectl holdfast COMMAND)

Find what hurts in a Kubernetes cluster, and say what to do next.

Reads with your own kubeconfig; changes nothing.

╭─ Commands ───────────────────────────────────────────────────────────────────────────╮
│ audit        Verify, show, prove, export and anchor the audit record.                │
│ baseline     Accept what is found, for a reason and for a time, in a file.           │
│ catalogue    List every rule: what is found, by code.                                │
│ completion   Print a completion script for a shell.                                  │
│ db           Make, upgrade, check, back up and restore the database.                 │
│ demo         Look at a small broken shop in a simulated cluster: no cluster, no key  │
│              needed.                                                                 │
│ explain      Say what a finding means: when it is found, what it reads, what to do,  │
│              what it misses.                                                         │
│ keys         Make, show, replace and revoke the keys that sign.                      │
│ rbac         Print the rights that Holdfast needs, made from its rules.              │
│ scan         Find what hurts now: worst first, with evidence and the next step.      │
│ snapshot     Write what a scan reads into a folder, to look at it later or           │
│              elsewhere.                                                              │
│ --help (-h)  Display this message and exit.                                          │
│ --version    Display application version.                                            │
╰──────────────────────────────────────────────────────────────────────────────────────╯

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 could not look.
"""
