"""How objects hang together: why the one needs the other to do well."""

from enum import StrEnum


class Relation(StrEnum):
    """Why the source needs the target."""

    OWNS = "owns"
    SELECTS = "selects"
    ROUTES = "routes"
    MOUNTS = "mounts"
    REFERENCES = "references"
    SCALES = "scales"
    PROTECTS = "protects"
    RUNS_ON = "runs on"
    WAITS_FOR = "waits for"  # a place to run: nodes out of service, or all of them, which are full
    MADE_BY = "made by"  # who is to make it, if it is not there
    ADMITTED_BY = "admitted by"  # a webhook is asked about its pods, and has refused none
    HELD_BY = "held by"  # a quota or webhook keeps it from its pods, content keeps it from going
