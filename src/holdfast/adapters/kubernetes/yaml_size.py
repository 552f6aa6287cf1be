"""How large a YAML document would become, known before anything is made of it.

Aliases let a few lines stand for billions of values, and deep nesting overflows the C stack of the
loader. The parser's events show both at no cost: nothing is built, and we stop at the first excess.
"""

import yaml

DEEPEST = 64
MOST = 200_000  # values, aliases written out


def fits(text: bytes) -> bool:
    """Whether it can be loaded safely; raises what the parser raises on text that is not YAML."""
    sizes = [0]  # of the collections that are open, outermost first
    anchors: list[str | None] = [None]
    known: dict[str | None, int] = {}
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            sizes.append(1)
            anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            known[anchors.pop()] = size = sizes.pop()
            sizes[-1] += size
        elif isinstance(event, yaml.ScalarEvent):
            known[event.anchor] = 1
            sizes[-1] += 1
        elif isinstance(event, yaml.AliasEvent):
            sizes[-1] += known.get(event.anchor, MOST + 1)  # unknown: within itself, without end
        if len(sizes) > DEEPEST or sizes[-1] > MOST:
            return False
    return True
