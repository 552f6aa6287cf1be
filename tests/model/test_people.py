import msgspec
import pytest
from msgspec.structs import replace

from holdfast.errors import BadInput
from holdfast.model import written
from holdfast.model.people import API_VERSION, KIND, RESERVED, People
from holdfast.model.ssh import public_key

ANA_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK8Go+MpFxTk81bBnJsVzRlR7G5mYqp3vgdUfyiTgzQd"
BEN_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC3wQSXwAVr7R86FOu+HcglP+UmMFMsbnhKXPCkn2g+m"
NOBODYS_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
UNSEEN = "\u00ad\u034f\u061c\u115f\u17b4\u180b\u200d\u2060\u2800\u3164\ufe0f\uffa0\U000e0100"
FILE = f"""
apiVersion: holdfast.dev/v1alpha1
kind: People
people:
- id: ana
  groups: [oncall]
  identities:
    ssh: ["{ANA_KEY} ana@desk"]
    slack: [U012AB3CD]
    kubernetes: [ana@example.com]
- id: ben
  identities:
    ssh: ["{BEN_KEY}"]
"""


def people(text: str = FILE) -> People:
    return written.parse(
        text, "people.yaml", People, api_version=API_VERSION, kind=KIND, faults=People.faults
    )


@pytest.mark.parametrize(
    ("channel", "name", "who"),
    [
        ("ssh", ANA_KEY, "ana"),
        ("ssh", BEN_KEY, "ben"),
        ("slack", "U012AB3CD", "ana"),
        ("kubernetes", "ana@example.com", "ana"),
        ("kubernetes", "Ana@example.com", None),
        ("kubernetes", "ana@example.com ", None),
        ("slack", "ana@example.com", None),
        ("oidc", "", None),
        ("pigeon", "ana", None),
    ],
)
def test_knows_one_person_by_every_name_byte_by_byte(
    channel: str, name: str, who: str | None
) -> None:
    known = people().known_as(channel, name)
    assert who == (known and known.id)


@pytest.mark.parametrize(
    ("change", "line", "why"),
    [
        (("- id: ben", "- id: ana"), 11, "ana stands twice"),
        (("id: ben", "id: Ben"), 11, "expected a name of at most 64 small letters"),
        (("id: ben", "id: 'ben '"), 11, "at .people[1].id"),
        *((("id: ben", f"id: {each}"), 11, f"{each} is what the record") for each in RESERVED),
        ((BEN_KEY, f"{ANA_KEY} other comment"), 13, "this is ana's as well"),
        (('ssh: ["' + BEN_KEY + '"]', "kubernetes: [' ANA@example.com']"), 13, "ana's as well"),
        (('ssh: ["' + BEN_KEY + '"]', "kubernetes: [ana@examplе.com]"), 0, ""),
        (('ssh: ["' + BEN_KEY + '"]', "kubernetes: [ａna@example.com]"), 13, "ana's as well"),
        ((BEN_KEY, "no key at all"), 13, "no SSH public key"),
        ((BEN_KEY, f"no-pty {BEN_KEY}"), 13, "no SSH public key"),
        ((BEN_KEY, BEN_KEY.replace("ssh-ed25519", "ssh-rsa")), 13, "no SSH public key"),
        ((BEN_KEY, BEN_KEY.replace("ssh-", "sk-ssh-")), 13, "no SSH public key"),
        ((BEN_KEY, BEN_KEY[:-4]), 13, "no SSH public key"),
        ((BEN_KEY, BEN_KEY[:-1]), 13, "no SSH public key"),
        ((BEN_KEY, NOBODYS_KEY), 13, "others could sign"),
        (('ssh: ["' + BEN_KEY + '"]', "slack: ['']"), 13, "this is empty"),
        (('ssh: ["' + BEN_KEY + '"]', "slack: ['\u3164']"), 13, "this is empty"),
        *(
            (('ssh: ["' + BEN_KEY + '"]', f"slack: ['U012{each}AB3CD']"), 13, "ana's as well")
            for each in UNSEEN
        ),
        (("groups: [oncall]", "groups: " + "9" * 5000), 6, "no number that can be read"),
        (
            ("groups: [oncall]", "groups: [On Call]"),
            6,
            "expected a name of at most 64 small letters",
        ),
        (("groups: [oncall]", "admin: true"), 6, "unknown field"),
        (("  groups: [oncall]", "  revoked: yesterday"), 6, "datetime"),
        (("  groups: [oncall]", "  revoked: ''"), 6, "datetime"),
        (
            ("  groups: [oncall]", "  revoked: false"),
            6,
            "Expected `datetime`, got `bool` at .people[0]",
        ),
        ((BEN_KEY, f"{BEN_KEY} ben\\n{ANA_KEY}"), 13, "behind this key stands more"),
        ((BEN_KEY, f"{BEN_KEY}\\n{ANA_KEY}"), 13, "no SSH public key"),
        ((BEN_KEY, f"{BEN_KEY} ben\\n# ana"), 13, "behind this key stands more"),
        ((BEN_KEY, f"{BEN_KEY} ben {ANA_KEY}"), 13, "behind this key stands more"),
        ((f'["{BEN_KEY}"]', f"\n    - {BEN_KEY} ben\n      {ANA_KEY}"), 14, "stands more"),
    ],
)
def test_says_on_which_line_somebody_would_be_two(
    change: tuple[str, str], line: int, why: str
) -> None:
    text = FILE.replace(*change)
    assert text != FILE
    if not line:  # another letter is another name, however alike it looks
        assert people(text).known_as("kubernetes", "ana@example.com") is not None
        return
    with pytest.raises(BadInput) as refused:
        people(text)
    assert f"line {line}" in refused.value.wrong
    assert why in refused.value.wrong


@pytest.mark.parametrize(
    ("told", "who"),
    [
        ("ana", "ana"),
        ("Ana", "ana"),
        (" ana ", "ana"),
        ("ａｎａ", "ana"),
        ("cli:ana", "ana"),
        ("cli:ANA@example.com ", "ana"),
        ("u012ab3cd", "ana"),
        ("mcp:cli:ana", "ana"),
        ("cli:a\u200bna", "ana"),
        ("cli:\u00adana", "ana"),
        ("cli:sam", ""),
        ("ana:cli", ""),
        ("", ""),
        ("cli:", ""),
    ],
)
def test_who_is_said_to_have_asked_is_known_in_any_spelling(told: str, who: str) -> None:
    everybody = people()
    assert [who] * bool(who) == [e.id for e in everybody.people if everybody.means(told, e.id)]


def test_a_name_that_two_people_have_means_both() -> None:
    two = people()
    two = replace(two, people=tuple(replace(each, name="Alex") for each in two.people))
    assert all(two.means("cli:alex", each.id) for each in two.people)
    assert not two.means("cli:alex", "nobody")


def test_one_person_may_have_a_name_twice() -> None:
    text = FILE.replace("[U012AB3CD]", "[U012AB3CD, U012AB3CD]")
    assert "ana" == people(text).people[0].id


def test_a_key_is_known_without_its_comment() -> None:
    assert ANA_KEY == public_key(f" {ANA_KEY} a comment \n")
    assert "" == public_key(ANA_KEY.partition(" ")[0])


@pytest.mark.parametrize("nothing", ["", " null", " ~"])
@pytest.mark.parametrize(
    ("there", "key", "line"),
    [
        ("  groups: [oncall]", "  revoked:", 6),
        ("  groups: [oncall]", "  groups:", 6),
        ("  groups: [oncall]", "  name:", 6),
        ("- id: ben", "- id:", 11),
        (f'  identities:\n    ssh: ["{BEN_KEY}"]', "  identities:", 12),
        (f'    ssh: ["{BEN_KEY}"]', "    ssh:", 13),
        ("    slack: [U012AB3CD]", "    slack:", 9),
        (FILE.partition("people:")[2], "", 4),
    ],
)
def test_a_key_without_a_value_is_refused_and_never_read_as_one_that_is_not_there(
    there: str, key: str, line: int, nothing: str
) -> None:
    told = key.strip(" -:") or "people"
    with pytest.raises(BadInput, match=f"people.yaml, line {line}: {told} has no value"):
        people(FILE.replace(there, f"{key}{nothing}\n"))


def test_what_we_write_can_be_read_again() -> None:
    """The suites on a cluster hand a keeper a file that we wrote."""
    known = people()
    assert known == people(msgspec.json.encode(known).decode())


@pytest.mark.parametrize("id_", ['"ana\\n"', '"ana "', "Ana", "аna"])  # the last in Cyrillic
def test_an_id_that_looks_like_another_is_none(id_: str) -> None:
    with pytest.raises(BadInput):
        people(FILE.replace("- id: ben", f"- id: {id_}"))
