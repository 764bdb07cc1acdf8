"""Known deviations are strict both ways: each way in which an entry can be wrong fails, in a sentence."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.deviations import Checked, Scope, check, read, try_out
from harness.errors import UsageError
from harness.records import Environment
from harness.rules.table import empty, opened

from ..fakes.verdicts import row, write

pytestmark = pytest.mark.slow

TODAY = datetime.date(2026, 9, 21)
SMOKE = Scope("smoke", whole=True, date=TODAY)
EVEN = ["conv1d.i5.k2.s2.p0.d1", "conv1d.i6.k4.s2.p0.d1", "conv1d.i7.k2.s3.p0.d1"]
ODD = ["conv1d.i5.k3.s2.p0.d1", "conv1d.i6.k1.s2.p0.d1"]
ENTRY = {
    "name": "even",
    "where": "k_even AND s_max > 1",
    "status": "crashed",
    "grid": "smoke",
    "date": datetime.date(2026, 9, 1),
    "reason": "It divides by k.",
}


def entry(**other: object) -> str:
    said = {key: value for key, value in {**ENTRY, **other}.items() if value is not None}
    return "[[entry]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in said.items())


def toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def held(rows: Iterable[Mapping[str, Any]], text: str, folder: Path, scope: Scope = SMOKE, **facts: str) -> Checked:
    place = Environment("fake", "python", {"version": "2.3.1+cpu", "instruction_sets": "avx avx2", **facts})
    with opened(write(rows, folder)) as database:
        return check(database, {"fake": read(text, "fake.toml")}, [place], scope)


def crashing(cases: Sequence[str] = EVEN, status: str = "crashed", **other: str) -> list[dict[str, Any]]:
    return [row(name, status, **other) for name in cases]


def right() -> list[dict[str, Any]]:
    return [*crashing(), *(row(name) for name in ODD)]


def kinds(checked: Checked) -> list[str]:
    return [finding.kind for finding in checked.findings]


def test_what_is_listed_and_occurs_is_known_and_nothing_is_wrong(tmp_path: Path) -> None:
    checked = held(right(), entry(count=3), tmp_path)
    assert checked.findings == ()
    assert set(checked.known.values()) == {"even"}
    assert checked.entries == {("fake", "even"): 3}


def test_a_deviation_that_no_entry_knows(tmp_path: Path) -> None:
    checked = held([*right(), row(ODD[0], "rejected", aspect="adjoint")], entry(), tmp_path)
    assert [finding.sentence for finding in checked.findings] == [
        f"1 verdict on fake is rejected and known by no entry, such as {ODD[0]} on fake.loops/eager adjoint: look at "
        "it, and list it with its reason (convarith known add RUN) or have it fixed"
    ]
    assert kinds(checked) == ["new"]


def test_without_entries_every_deviation_is_new(tmp_path: Path) -> None:
    assert kinds(held(right(), "", tmp_path)) == ["new"]


def test_one_that_no_longer_occurs(tmp_path: Path) -> None:
    checked = held([row(name) for name in (*EVEN, *ODD)], entry(versions=">=2"), tmp_path)
    assert [finding.sentence for finding in checked.findings] == [
        "fake.toml: even: it no longer occurs, all 3 verdicts that it matches agree: if it is fixed, remove it "
        "(convarith known prune RUN) or end its versions ('>=2' now); if the machine decides it, say which at "
        "environment"
    ]
    assert kinds(checked) == ["fixed"]


def test_one_that_no_longer_occurs_on_some_of_its_cases(tmp_path: Path) -> None:
    rows = [*crashing(EVEN[:2]), row(EVEN[2])]
    checked = held(rows, entry(), tmp_path)
    assert kinds(checked) == ["partly fixed"]
    assert f"1 of the 3 verdicts that it matches agrees, such as {EVEN[2]} on" in checked.findings[0].sentence
    assert held(rows, entry(exceptions=1), tmp_path).findings == ()
    assert held(rows, entry(exceptions="any"), tmp_path).findings == ()
    assert kinds(held([*crashing(EVEN[:1]), *map(row, EVEN[1:])], entry(exceptions=1), tmp_path)) == ["partly fixed"]


def test_what_may_agree_must_still_occur_in_its_own_grid(tmp_path: Path) -> None:
    rows = [row(name) for name in EVEN]
    assert kinds(held(rows, entry(exceptions="any"), tmp_path)) == ["fixed"]
    part = Scope("smoke", whole=False, date=TODAY)
    assert held(rows, entry(exceptions="any"), tmp_path, part).findings == ()


def test_one_that_matches_nothing_in_the_whole_of_its_grid(tmp_path: Path) -> None:
    rows = [row(name) for name in ODD]
    checked = held(rows, entry(), tmp_path)
    assert kinds(checked) == ["matches nothing"]
    assert 'where = "k_even AND s_max > 1"' in checked.findings[0].sentence
    for scope in (Scope("smoke", whole=False, date=TODAY), Scope("nightly", whole=True, date=TODAY)):
        assert held(rows, entry(), tmp_path, scope).findings == ()
    assert kinds(held(rows, entry(grid=["pull-request", "smoke"]), tmp_path)) == ["matches nothing"]


def test_what_was_not_observed_is_not_missed(tmp_path: Path) -> None:
    for place in ({"route": "fake.other"}, {"mode": "jit*"}, {"switch": "threads=2"}, {"aspect": "adjoint"}):
        assert held([row(name) for name in ODD], entry(**place), tmp_path).findings == ()
    # what a route cannot say was not observed either
    assert held([row(name, "unsupported") for name in EVEN], entry(), tmp_path).findings == ()
    with opened(write([row(name) for name in ODD], tmp_path)) as database:  # nor is another framework
        assert check(database, {"others": read(entry(reason=""), "others.toml")}, [], SMOKE).findings == ()


def test_a_partial_run_judges_what_it_observed(tmp_path: Path) -> None:
    part = Scope("", whole=False, date=TODAY)
    assert kinds(held([row(EVEN[0])], entry(), tmp_path, part)) == ["fixed"]
    assert held(crashing(EVEN[:1]), entry(count=3), tmp_path, part).findings == ()


def test_one_that_matches_more_than_it_says(tmp_path: Path) -> None:
    checked = held(right(), entry(count=2), tmp_path)
    assert kinds(checked) == ["matches more"]
    assert "it says crashed of 2 verdicts at most, and there are 3" in checked.findings[0].sentence
    assert held(right(), entry(count=2), tmp_path, Scope("nightly", whole=True, date=TODAY)).findings == ()


def test_another_status_than_it_says(tmp_path: Path) -> None:
    checked = held([*crashing(EVEN[:2]), *crashing(EVEN[2:], "rejected")], entry(), tmp_path)
    assert [finding.sentence for finding in checked.findings] == [
        f"fake.toml: even: 1 of the 3 verdicts that it matches is rejected, not crashed, such as {EVEN[2]} on "
        "fake.loops/eager forward: something else happens now; look at it, and change 'status' or the predicate"
    ]
    assert kinds(checked) == ["changed"]
    assert kinds(held(crashing(EVEN, "rejected"), entry(), tmp_path)) == ["changed"]
    both = entry(status=["crashed", "rejected"])
    assert held([*crashing(EVEN[:2]), *crashing(EVEN[2:], "rejected")], both, tmp_path).findings == ()


def test_what_another_entry_knows_has_not_changed(tmp_path: Path) -> None:
    rows = [*crashing(EVEN[:2]), *crashing(EVEN[2:], "rejected")]
    checked = held(rows, entry() + entry(name="other", where="s_max = 3", status="rejected"), tmp_path)
    assert checked.findings == ()
    assert sorted(checked.known.values()) == ["even", "even", "other"]


def test_the_first_entry_that_knows_it_names_it(tmp_path: Path) -> None:
    checked = held(crashing(), entry(name="first", where="i[1] = 5") + entry(), tmp_path)
    assert checked.findings == ()
    assert sorted(checked.known.values()) == ["even", "even", "first"]
    assert checked.entries == {("fake", "first"): 1, ("fake", "even"): 2}


@pytest.mark.parametrize("reason", ["", "  "])
def test_one_without_a_reason(reason: str, tmp_path: Path) -> None:
    checked = held(right(), entry(reason=reason), tmp_path)
    assert kinds(checked) == ["no reason"]
    assert "write why it deviates and whose fault it is, at 'reason'" in checked.findings[0].sentence


def test_one_that_has_expired(tmp_path: Path) -> None:
    assert held(right(), entry(until=TODAY), tmp_path).findings == ()
    checked = held(right(), entry(until=TODAY - datetime.timedelta(1)), tmp_path)
    assert kinds(checked) == ["expired"]
    assert "it was to hold until 2026-09-20" in checked.findings[0].sentence


def test_it_holds_for_its_versions_alone(tmp_path: Path) -> None:
    for versions in (">=2,<3", "==2.3.1", "~=2.0"):
        assert held(right(), entry(versions=versions), tmp_path).findings == ()
    checked = held(right(), entry(versions="<2.3"), tmp_path)
    assert kinds(checked) == ["elsewhere"]
    assert "even would know them, but for versions = '<2.3', and this is 2.3.1+cpu; if it is the same, widen that" in (
        checked.findings[0].sentence
    )
    assert checked.known == {}
    agreeing = [row(name) for name in EVEN]  # fixed since: no fault of the entry
    assert held(agreeing, entry(versions="<2.3"), tmp_path).findings == ()
    assert held(right(), entry(versions=">=2.4.0.dev1"), tmp_path, version="2.4.0.dev20260901").findings == ()
    assert kinds(held(right(), entry(versions=">=2"), tmp_path, version="main")) == ["elsewhere"]
    around = "3.15.1 on tensorflow 2.21.0"  # as a framework around another tells it: its own stands first
    assert held(right(), entry(versions="~=3.15"), tmp_path, version=around).findings == ()
    assert kinds(held(right(), entry(versions="<3"), tmp_path, version=around)) == ["elsewhere"]


def test_the_same_release_on_another_machine(tmp_path: Path) -> None:
    """One ledger, green on both, and strict on both."""
    ledger = entry(environment={"instruction_sets": "avx512*"})
    agreeing = [row(name) for name in (*EVEN, *ODD)]
    wide: dict[str, Any] = {"instruction_sets": "avx avx2 avx512f"}
    assert held(right(), ledger, tmp_path, **wide).findings == ()
    assert held(agreeing, ledger, tmp_path).findings == ()
    assert kinds(held(agreeing, ledger, tmp_path, **wide)) == ["fixed"]
    assert kinds(held(right(), ledger, tmp_path)) == ["elsewhere"]
    assert kinds(held([row(name) for name in ODD], ledger, tmp_path)) == []
    assert kinds(held([row(name) for name in ODD], ledger, tmp_path, **wide)) == ["matches nothing"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"device": "cpu"}, True),
        ({"device": "gpu"}, False),
        ({"instruction_sets": "!avx512*"}, True),
        ({"instruction_sets": "!avx2"}, False),
        ({"instruction_sets": ["avx2", "!avx512*"]}, True),
        ({"instruction_sets": ["avx2", "avx512*"]}, False),
        ({"platform": "Linux x86_64"}, True),
        ({"platform": "Linux*"}, True),
        ({"platform": "Darwin*"}, False),
        ({"TF_ENABLE_ONEDNN_OPTS": "1"}, False),
        ([{"device": "gpu"}, {"instruction_sets": "!avx512*"}], True),
        ([{"device": "gpu"}, {"instruction_sets": "avx512*"}], False),
    ],
)
def test_conditions_on_the_environment(condition: object, holds: bool, tmp_path: Path) -> None:
    checked = held(right(), entry(environment=condition), tmp_path, device="cpu", platform="Linux x86_64")
    assert kinds(checked) == ([] if holds else ["elsewhere"])


def test_of_several_conditions_one_has_to_hold_and_all_are_named_where_none_does(tmp_path: Path) -> None:
    ledger = entry(environment=[{"onednn": "off"}, {"instruction_sets": "!avx512_fp16"}])
    agreeing = [row(name) for name in (*EVEN, *ODD)]
    wide: dict[str, Any] = {"instruction_sets": "avx2 avx512_fp16"}
    assert kinds(held(agreeing, ledger, tmp_path, onednn="on")) == ["fixed"]
    assert kinds(held(agreeing, ledger, tmp_path, onednn="off", **wide)) == ["fixed"]
    assert kinds(held(agreeing, ledger, tmp_path, onednn="on", **wide)) == []
    (found,) = held(right(), ledger, tmp_path, onednn="on", **wide).findings
    assert "environment.onednn = 'off', and here it is 'on'; and environment.instruction_sets" in found.sentence


def test_where_machines_were_mixed_it_may_occur_and_need_not(tmp_path: Path) -> None:
    ledger = entry(environment={"instruction_sets": "avx512*"})
    mixed: dict[str, Any] = {"instruction_sets": "avx avx2 / avx avx2 avx512f"}
    assert held(right(), ledger, tmp_path, **mixed).findings == ()
    assert len(held(right(), ledger, tmp_path, **mixed).known) == 3
    assert held([row(name) for name in EVEN], ledger, tmp_path, **mixed).findings == ()


def test_our_own_faults_are_never_known(tmp_path: Path) -> None:
    assert held([row(name, "harness_error") for name in EVEN], entry(), tmp_path) == Checked()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"where": "size = 3"}, 'where = "size = 3" cannot be understood: Binder Error: Referenced column "size"'),
        ({"where": "k_even AND"}, 'where = "k_even AND" cannot be understood: Parser Error'),
        ({"where": "true; DROP TABLE verdicts"}, "cannot be understood"),
        ({"where": "true) OR (true"}, "cannot be understood"),
        ({"where": "k_even, s_max > 1"}, "cannot be understood"),
        ({"where": "case_id IN (SELECT content FROM read_text('/etc/passwd'))"}, "cannot be understood"),
        ({"where": "case_id IN (FROM '/etc/passwd')"}, "cannot be understood"),
    ],
)
def test_a_bad_predicate_is_one_sentence_before_anything_runs(other: dict[str, object], said: str) -> None:
    with empty() as database, pytest.raises(UsageError) as caught:
        try_out(database, {"fake": read(entry(**other), "d/fake.toml")}, "d")
    assert "d/fake.toml: entry 'even': " in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_predicate_cannot_be_answered_only_on_some_verdicts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"fake.toml: entry 'even': where = .* cannot be understood: Conversion Error"):
        held(right(), entry(where="case_id::INTEGER = 1"), tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entry = 1", "d.toml: entry: write [[entry]] for each entry, not [entry]"),
        ("x = 1", "d.toml: x: the file holds [[entry]] and nothing else"),
        ("[[entry]", "d.toml: not TOML: "),
        ("[[entry]]\nname = 'a'\n", "d.toml: entry 'a': Object missing required field `where`"),
        (entry(name="a b"), "d.toml: entry 'a b': name = 'a b': write letters, digits, '.' and '-'"),
        (entry(status="broken"), "d.toml: entry 'even': status = 'broken': there are wrong_shape, wrong_operator"),
        (entry(status="agrees"), "d.toml: entry 'even': status = 'agrees': there are "),
        (entry(status="harness_error"), "d.toml: entry 'even': status = 'harness_error': there are "),
        (entry(status=[]), "d.toml: entry 'even': status = []: give at least one"),
        (entry(grid="huge"), "d.toml: entry 'even': grid = 'huge': there are exhaustive, nightly"),
        (entry(aspect="backward"), "d.toml: entry 'even': aspect = 'backward': there are forward, adjoint"),
        (entry(route=[]), "d.toml: entry 'even': route = []: give at least one pattern"),
        (entry(versions="2 or 3"), "d.toml: entry 'even': versions = '2 or 3': write a range as PEP 440 has it"),
        (entry(where=" "), "d.toml: entry 'even': where = '': say which layers deviate"),
        (entry(count=-1), "d.toml: entry 'even': count: Expected `int` >= 0"),
        (entry(colour="red"), "d.toml: entry 'even': Object contains unknown field `colour`"),
        (entry() + entry(), "d.toml: entry 'even': name: there is another entry of this name"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, "d.toml")
    assert said in str(caught.value)
