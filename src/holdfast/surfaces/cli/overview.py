"""What `holdfast --help` prints; made by `make generate` from the commands."""

OVERVIEW = """\
Usage: holdfast COMMAND [OPTIONS]      (also as: kubectl holdfast COMMAND)

Find what hurts in a Kubernetes cluster, and say what to do next.

Reads with your own kubeconfig; changes nothing, but for rbac install. Repairs are done
by the keeper, once people have signed them.

Exit codes of a scan: 0 nothing at or above --fail-on, 1 findings, 2 could not look.

╭─ Commands ───────────────────────────────────────────────────────────────────────────╮
│ approve      Show a proposal, and approve it with a signature by your own SSH key or │
│              agent.                                                                  │
│ audit        Verify, show, prove, export and anchor the audit record.                │
│ baseline     Accept what is found, for a reason and for a time, in a file.           │
│ catalogue    List every rule: what is found, by code.                                │
│ completion   Print a completion script for a shell.                                  │
│ conformance  Try to make the leash do what it must not, and say how often it did.    │
│ db           Make, upgrade, check, back up and restore the database.                 │
│ demo         See it at work on a small broken shop in a simulated cluster: no        │
│              cluster, no key needed.                                                 │
│ doctor       Say what this installation lacks, part by part, and what to do about    │
│              each.                                                                   │
│ explain      Say what a finding means: when it is found, what it reads, what to do,  │
│              what it misses.                                                         │
│ freeze       Have nothing new done in the cluster, until a person signs that it goes │
│              on.                                                                     │
│ keeper       Run the process that answers the inbox, seals the audit record and      │
│              keeps its anchors.                                                      │
│ keys         Make, show, replace and revoke the keys that sign.                      │
│ policy       Write, check and try the leash: rules, people and policy.               │
│ proposals    List the proposals that have not ended and the newest others, or show   │
│              one as its card.                                                        │
│ propose      Say what could be done about a trouble, and have it proposed if that is │
│              one thing.                                                              │
│ rbac         Print or install the rights that Holdfast needs, made from its rules.   │
│ reject       Say no to a proposal, with a signature: nobody can approve it any more. │
│ scan         Find what hurts now: worst first, with evidence and the next step.      │
│ serve        Run the process that faces the world: so far, health and figures at     │
│              HOLDFAST_LISTEN.                                                        │
│ snapshot     Write what a scan reads into a folder, to look at it later or           │
│              elsewhere.                                                              │
│ thaw         Have it go on after a freeze, or after the breaker of a class, with a   │
│              signature.                                                              │
│ undo         Have taken back what was done, with a signature, if that kind of repair │
│              can be.                                                                 │
│ watch        Follow a proposal to its end: what happens, what is waited for, and for │
│              how long.                                                               │
│ --help (-h)  Display this message and exit.                                          │
│ --version    Display application version.                                            │
╰──────────────────────────────────────────────────────────────────────────────────────╯
"""
