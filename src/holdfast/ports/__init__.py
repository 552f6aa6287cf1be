"""The whole outside world, one page for each side of it."""

from holdfast.ports.casework import Buckets, Cases, Once, Switches, Words
from holdfast.ports.cluster import (
    Arrived,
    Cluster,
    Lost,
    News,
    Put,
    Relisted,
    Removed,
    Resumed,
    Unseen,
    nobody_waits,
)
from holdfast.ports.hands import Denied, Done, Hands, How, Outcome, Unclear
from holdfast.ports.keys import KeyCabinet, Keyring, Signer
from holdfast.ports.last_lines import LastLines
from holdfast.ports.log import Log
from holdfast.ports.memory import Forgotten, Memory
from holdfast.ports.operator import OperatorPolicy, Standing
from holdfast.ports.shelf import Shelf
from holdfast.ports.sinks import Sink
from holdfast.ports.store import Beats, Letters, Records, Store, Tx
from holdfast.ports.time_and_dice import Clock, Dice

__all__ = [
    "Arrived",
    "Beats",
    "Buckets",
    "Cases",
    "Clock",
    "Cluster",
    "Denied",
    "Dice",
    "Done",
    "Forgotten",
    "Hands",
    "How",
    "KeyCabinet",
    "Keyring",
    "LastLines",
    "Letters",
    "Log",
    "Lost",
    "Memory",
    "News",
    "Once",
    "OperatorPolicy",
    "Outcome",
    "Put",
    "Records",
    "Relisted",
    "Removed",
    "Resumed",
    "Shelf",
    "Signer",
    "Sink",
    "Standing",
    "Store",
    "Switches",
    "Tx",
    "Unclear",
    "Unseen",
    "Words",
    "nobody_waits",
]
