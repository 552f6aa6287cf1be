"""The leash as operators write, check and try it."""

from pathlib import Path

import pytest

from holdfast.wiring import main

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBkgTIw7qFugWc0YrJAXvQKhjaXRDGj7d5o0vkPvBneR"
EVERYBODY = '@id("everybody") permit(principal, action, resource);\n'
READ_ONLY = """@id("all") permit(principal, action, resource);
@id("frozen tier") forbid(principal, action, resource in Tier::"prod");
"""
OFFICE_HOURS = """@id("weekdays") permit(principal in Group::"ops", action, resource)
when { context.weekday < 6 && context.minute >= 480 && context.minute < 1080 };
"""
HEAD = "apiVersion: holdfast.dev/v1alpha1\nkind: "
ONE = """tests:
- name: one
  given:
    action: {action}
    target: {{kind: Deployment, namespace: {namespace}, name: web}}
    at: {at}
    approvedBy: [{{person: ana, groups: [ops]}}]
  expect: {{answer: {answer}{by}}}
"""


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A first leash, as `init` writes it."""
    assert main(["policy", "init", str(tmp_path / "leash")]) == 0
    capsys.readouterr()
    return tmp_path / "leash"


def given(
    folder: Path,
    *,
    cedar: str,
    leash: str = "",
    action: str = "RolloutRestart",
    namespace: str = "shop",
    at: str = "2026-01-05T12:30:00Z",
    answer: str = "allow",
    by: str = "",
) -> None:
    told = f", by: [{by}]" if by else ""
    one = ONE.format(action=action, namespace=namespace, at=at, answer=answer, by=told)
    (folder / "policy.cedar").write_text(cedar)
    (folder / "leash.yaml").write_text(f"{HEAD}Leash\n{leash}")
    (folder / "tests.yaml").write_text(f"{HEAD}PolicyTests\n{one}")


def test_a_first_leash_passes_its_own_tests(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "test", str(folder)]) == 0
    assert "11 tests, 0 failed" in capsys.readouterr().out


def test_a_first_leash_is_sound_and_lacks_people(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "lint", str(folder)]) == 1
    assert "odd: people.yaml names nobody: nothing can be approved" in capsys.readouterr().out


def test_what_would_end_the_process_is_refused_with_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nested = f"{'(' * 1000}true{')' * 1000}"
    (folder / "policy.cedar").write_text(f"{EVERYBODY}{EVERYBODY[:-2]} when {{ {nested} }};\n")
    assert main(["policy", "lint", str(folder)]) == 2
    assert "policy.cedar, line 2: the policy is not loaded: it is nested too deeply" in (
        " ".join(capsys.readouterr().err.split())
    )


def test_init_leaves_alone_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "policy.cedar").write_text(EVERYBODY)
    (folder / "leash.yaml").unlink()
    assert main(["policy", "init", str(folder)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[-1] for line in told[:4]] == [
        "written",
        "left as it is",
        "left as it is",
        "left as it is",
    ]
    assert (folder / "policy.cedar").read_text() == EVERYBODY


ANA = f"{{id: ana, groups: [oncall, ops], identities: {{ssh: [{KEY!r}]}}}}"
BEN = "{id: ben, groups: [oncall, platform], identities: {slack: [U2]}}"


def odd(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What looks odd in it, and that the way `lint` ends says so."""
    ended = main(["policy", "lint", str(folder)])
    told = capsys.readouterr().out.splitlines()
    looks = [line.removeprefix("  odd: ") for line in told if line.startswith("  odd: ")]
    assert ended == bool(looks)
    return looks


def a_leash(folder: Path, *people: str, leash: str = "", cedar: str = EVERYBODY) -> None:
    listed = "".join(f"- {each}\n" for each in people)
    (folder / "people.yaml").write_text(f"{HEAD}People\npeople:\n{listed}")
    (folder / "leash.yaml").write_text(f"{HEAD}Leash\n{leash}")
    (folder / "policy.cedar").write_text(cedar)


@pytest.mark.parametrize(
    ("leash", "people", "expected"),
    [
        ("", [BEN.replace("{slack: [U2]}", "{}")], "ben has no identity: nobody can be known as"),
        ("approvers: {scale: [sre]}\n", [ANA, BEN], "nobody is in a group that may approve scale"),
        ("signed: [scale]\n", [BEN], "scale wants a signature, and nobody who may approve it"),
        (
            "approvers: {scale: [platform]}\ntwoPeople: [scale]\n",
            [ANA, BEN],
            "scale wants two people, and only ben may approve it: it can never be approved",
        ),
        ("twoPeople: [scale]\n", [ANA], "scale wants two people, and only ana may approve it"),
        ("distance: {scale: 1h}\n", [ANA], "scale wants two people, and only ana may approve it"),
        (
            "signed: [scale]\ntwoPeople: [scale]\n",
            [ANA, BEN],
            "scale wants two people, and only ana may approve it",
        ),
        (
            "distance: {rollback: 900h}\n",
            [ANA, BEN],
            "two approvals of rollback are to come 37 d 12 h apart, and a proposal is open for 4 h",
        ),
        ("distance: {rollback: 1h}\nopenFor: 60m\n", [ANA, BEN], "two approvals of rollback"),
    ],
)
def test_what_nobody_could_approve_looks_odd(
    folder: Path,
    leash: str,
    people: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_leash(folder, *people, leash=leash)
    (told,) = odd(folder, capsys)
    assert told.startswith(expected)


OTHER = 'forbid(principal, action, resource) unless { principal in Group::"ops" };\n'
CONTRACTORS = 'forbid(principal in Group::"contractorz", action, resource);\n'
PROD = '@id("prod") forbid(principal, action, resource in Tier::"prodd");\n'
ANNA = 'forbid(principal == Person::"anna", action, resource);\n'
SLOT = "permit(principal == ?principal, action, resource);\n"


@pytest.mark.parametrize(
    ("cedar", "expected"),
    [
        (
            EVERYBODY + CONTRACTORS,
            'policy.cedar, line 2: it speaks of the group "contractorz", and nobody in people',
        ),
        (
            EVERYBODY + PROD,
            'policy.cedar, line 2: it speaks of the tier "prodd", and leash.yaml has no such tier',
        ),
        (
            EVERYBODY + ANNA,
            'policy.cedar, line 2: it speaks of the person "anna", and nobody in people.yaml is',
        ),
        (
            EVERYBODY + OTHER + EVERYBODY,
            'policy.cedar, line 3: the @id "everybody" stands in line 1 too',
        ),
        (
            EVERYBODY + SLOT,
            "policy.cedar, line 2: ?principal makes it a template, which is never asked",
        ),
        (
            'forbid(principal, action, resource) when { context.risk == "high" };\n',
            "policy.cedar has no `permit`, and nothing is allowed that none permits",
        ),
        ("", "policy.cedar is empty: nothing is allowed"),
        ("// permit(principal, action, resource);\n", "policy.cedar is empty: nothing is allowed"),
    ],
)
def test_what_a_policy_says_in_vain_looks_odd(
    folder: Path, cedar: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_leash(folder, ANA, BEN, leash="tiers: {prod: [shop]}\n", cedar=cedar)
    (told,) = odd(folder, capsys)
    assert told.startswith(expected)


def forbidding(condition: str) -> str:
    return f"{EVERYBODY}forbid(principal, action, resource)\nwhen {{ {condition} }};\n"


RISKS = "it is low, medium or high"
STATIONS = "it is proposal, approval or execution"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('context.risk == "hihg"', f'context.risk is never "hihg": {RISKS}'),
        ('context.risk != "High"', f'context.risk is never "High": {RISKS}'),
        ('"hihg" == context["risk"]', f'context.risk is never "hihg": {RISKS}'),
        ('context.risk == "hi\\u{68}g"', f'context.risk is never "hihg": {RISKS}'),
        (
            '["high", "medum"].contains(context.risk)',
            f'context.risk is never "medum": {RISKS}',
        ),
        ('context.station == "exec"', f'context.station is never "exec": {STATIONS}'),
        ("context.weekday == 0", "context.weekday is never 0: it is 1 to 7"),
        ("context . weekday>7", "context.weekday > 7 never holds: it is 1 to 7"),
        ("8 <= context.weekday", "context.weekday >= 8 never holds: it is 1 to 7"),
        ("context.weekday >= 0", "context.weekday >= 0 always holds: it is 1 to 7"),
        ("context.minute < -1", "context.minute < -1 never holds: it is 0 to 1439"),
        ("context.minute == 1440", "context.minute is never 1440: it is 0 to 1439"),
        ("context.minute < 1441", "context.minute < 1441 always holds: it is 0 to 1439"),
        (
            'resource.kind == "deployment"',
            'resource.kind is never "deployment": it is CertificateRequest, DaemonSet, Deployment,',
        ),
    ],
)
def test_a_condition_that_comes_out_alike_whatever_is_asked_looks_odd(
    folder: Path, condition: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_leash(folder, ANA, BEN, cedar=forbidding(condition))
    (told,) = odd(folder, capsys)
    assert told.startswith(f"policy.cedar, line 3: {expected}")


def test_each_such_slip_is_told_once_with_its_first_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = "context.weekday == 0 ||\n context.weekday == 0 || context.minute == 1500"
    a_leash(folder, ANA, BEN, cedar=forbidding(twice))
    told = [each.partition(" is never ")[0] for each in odd(folder, capsys)]
    assert told == [
        "policy.cedar, line 3: context.weekday",
        "policy.cedar, line 4: context.minute",
    ]


@pytest.mark.parametrize(
    "condition",
    [
        'context.risk == "high" || context.risk != "low"',
        '["low", "medium",].contains(context.risk)',
        "context.weekday >= 1 && context.weekday <= 5",
        "context.weekday < 8 && context.weekday > 0",
        "context.minute >= 0 && context.minute < 1440",
        "context.weekday * 1440 + context.minute < 8000",
        "60 * 25 > context.minute && context.minute < 60 * 30",
        "context.minute - 1440 < 0",
        'resource.kind == "Node"',
        'resource.name == "hihg" && resource.namespace == "exec"',
        'resource.name == "context.weekday == 0" // context.weekday == 0',
    ],
)
def test_conditions_that_make_sense_do_not_look_odd(
    folder: Path, condition: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_leash(folder, ANA, BEN, cedar=forbidding(condition.replace(" //", "\n//") + "\n"))
    assert odd(folder, capsys) == []


@pytest.mark.parametrize(
    ("leash", "cedar"),
    [
        ("distance: {rollback: 239m}\ntwoPeople: [rollback]\n", EVERYBODY),
        ("approvers: {scale: [oncall]}\ntwoPeople: [scale]\n", EVERYBODY),
        ("", EVERYBODY + OTHER),
        ("", EVERYBODY + PROD.replace("prodd", "prod")),
        ("", EVERYBODY + PROD.replace("prodd", "p\\u{72}od")),
        ("", EVERYBODY + ANNA.replace("anna", "ana")),
        ("", f"{EVERYBODY}// {CONTRACTORS}// {SLOT}"),
        ("", EVERYBODY.replace("everybody", "?principal // Group::'x'")),
    ],
)
def test_what_is_meant_does_not_look_odd(
    folder: Path, leash: str, cedar: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_leash(folder, ANA, BEN, leash=f"tiers: {{prod: [shop]}}\n{leash}", cedar=cedar)
    assert [] == odd(folder, capsys)


@pytest.mark.parametrize(
    ("cedar", "changed"),
    [
        (EVERYBODY, {}),
        (EVERYBODY, {"namespace": "kube-system", "answer": "refuse", "by": "protected_namespaces"}),
        (EVERYBODY, {"action": "ScaleWorkload", "answer": "refuse", "by": "closed_set"}),
        (EVERYBODY, {"action": "ScaleWorkload", "leash": "switchedOn: [ScaleWorkload]\n"}),
        (EVERYBODY, {"leash": "approvers: {restart: [sre]}\n", "answer": "refuse"}),
        (READ_ONLY, {"leash": "tiers: {prod: [shop-eu]}\n"}),
        (
            READ_ONLY,
            {
                "leash": "tiers: {prod: [shop-eu]}\n",
                "namespace": "shop-eu",
                "answer": "refuse",
                "by": "operator_policy",
            },
        ),
        (OFFICE_HOURS, {}),
        (OFFICE_HOURS, {"at": "2026-01-05T17:59:00Z"}),
        (
            OFFICE_HOURS,
            {"at": "2026-01-05T18:00:00Z", "answer": "refuse", "by": "operator_policy"},
        ),
        (
            OFFICE_HOURS,
            {"at": "2026-01-04T12:00:00Z", "answer": "refuse", "by": "operator_policy"},
        ),
        ("", {"answer": "refuse", "by": "operator_policy"}),
    ],
)
def test_three_other_policies_answer_as_they_say(
    folder: Path, cedar: str, changed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    given(folder, cedar=cedar, **changed)
    assert main(["policy", "test", str(folder)]) == 0, capsys.readouterr().out


def test_a_test_that_fails_says_what_was_answered_and_why(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given(folder, cedar=READ_ONLY, namespace="kube-public")
    assert main(["policy", "test", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "FAILS  one" in told
    assert "expected allow, and it is refuse (protected_namespaces: kube-public is never" in told
    assert "1 tests, 1 failed" in told


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"action": "rolloutrestart"}, "line 6: there is no kind 'rolloutrestart'"),
        ({"answer": "refuse", "by": "target_scope"}, "no layer 'target_scope' that is asked here"),
        ({"by": "budget"}, "nobody refuses what is allowed"),
        ({"answer": "perhaps"}, "line 10: Invalid enum value 'perhaps'"),
        ({"at": "null"}, "line 8: at has no value"),
        ({"namespace": ""}, "line 7: namespace has no value"),
    ],
)
def test_tests_that_make_no_sense_are_refused_with_their_line(
    folder: Path, changed: dict[str, str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given(folder, cedar=EVERYBODY, **changed)
    assert main(["policy", "test", str(folder)]) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("command", ["lint", "test"])
def test_a_folder_without_a_leash_says_how_to_get_one(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", command, str(tmp_path / "nowhere")]) == 2
    assert "`holdfast policy init " in capsys.readouterr().err
