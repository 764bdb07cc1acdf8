"""``convarith check-adapter``: right adapters pass, and each check is failed by one that is wrong in that alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.check.observing import Checked
from harness.frameworks import registry

from ..fakes.registered import register

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
ALL = [
    "found", "loads", "name", "package", "requirement", "routes", "switches", "imports", "total", "repeatable",
    "letters", "literals", "reasons", "ops", "installed", "starts", "facts", "results", "in-order", "shapes", "errors",
    "agrees fake.loops eager", "agrees fake.loops abstract", "faults fake.loops eager", "faults fake.loops abstract",
]  # fmt: skip

Told = list[dict[str, str]]


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The fakes are found, in this process and in others, and the working directory is empty."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)


def check(name: str, code: int, capsys: pytest.CaptureFixture[str]) -> Told:
    assert main(["check-adapter", name, "--format", "json"]) == code
    told: Told = json.loads(capsys.readouterr().out)
    return told


def wrong(told: Told) -> dict[str, str]:
    """The checks that do not hold, and what is told of each."""
    return {one["name"]: one["told"] for one in told if one["status"] != "ok"}


@pytest.mark.parametrize("name", ["fakes.loops:Loops", "fakes.broken:Small", "fakes.broken:Depthwise"])
def test_a_right_adapter_passes_every_check(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = check(name, 0, capsys)
    assert [one["name"] for one in told] == ALL
    assert {one["status"] for one in told} == {"ok"}


def test_an_adapter_that_can_be_switched_passes_with_every_switch(capsys: pytest.CaptureFixture[str]) -> None:
    told = check("fakes.broken:Switched", 0, capsys)
    assert [one["name"] for one in told] == [*ALL, "switch threads=2"]
    assert told[-1]["told"].startswith("facts: threads 2; ")


def test_a_switch_is_tried_where_layers_are_computed_as_most_people_do() -> None:
    checked = Checked(registry.load("fakes.broken:Switched"), "fakes.broken:Switched")
    assert [(one.mode, one.switch) for one in checked.surfaces()] == [("eager", ""), ("abstract", "")]
    assert [(one.mode, one.switch) for one in checked.surfaces("threads=2")] == [("eager", "threads=2")]


@pytest.mark.frameworks
@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_the_built_in_adapters_pass(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check-adapter", name, "--format", "json"])
    told: Told = json.loads(capsys.readouterr().out)
    assert wrong(told) == {}
    routes = registry.load(registry.BUILT_IN[name]).routes
    for what in ("agrees", "faults"):
        shown = [one["name"] for one in told if one["name"].startswith(what)]
        assert shown == [f"{what} {route} {mode}" for route, found in routes.items() for mode in found.modes]


BROKEN = [
    # adapter, the check that does not hold, and a part of what is told
    ("NoAdapter", "loads", "is no adapter"),
    ("Abstract", "loads", "has no __init__, facts, run_one, say"),
    ("OtherName", "name", "'two words', which is no word"),
    ("OtherPackage", "package", "'no module', which is no module's name"),
    ("OtherRequirement", "requirement", "'numpy and more', which pip cannot install"),
    ("NoRoutes", "routes", "has no route"),
    ("ListOfRoutes", "routes", "has no route"),
    ("NoModes", "routes", "routes['fake.loops'] has no mode"),
    ("BareMode", "routes", "routes['fake.loops'].modes['eager'] is a str, not a base.Mode"),
    ("OtherKind", "routes", ".kind is 'fast': there are plain, declared, compiled"),
    ("OtherProbe", "routes", ".probes has 'backward': there are forward, "),
    ("DeclaredAsPlain", "routes", "only declares, and its kind is 'plain', not 'declared'"),
    ("DeclaredAndComputed", "routes", "not ('declared',)"),
    ("NoBatch", "routes", ".batch is 0: it is a whole number from 1"),
    ("OtherOp", "routes", "routes['fake.loops'].ops has 'dense'"),
    ("ListOfSwitches", "switches", "not a tuple"),
    ("SameSwitches", "switches", "'threads=2' twice"),
    ("Peeking", "imports", "wave was asked for"),
    ("Refusing", "total", "`say` raises NotImplementedError: causal"),
    ("Silent", "total", "gives a NoneType, neither Spelling nor Unsupported"),
    ("Counting", "repeatable", "is said otherwise the second time"),
    ("NoKernelOrder", "letters", "the kernel is '', not an order of O I H W"),
    ("Multiplying", "letters", "the kernel is 'MIHW', not an order of O I H W"),
    ("OtherDataOrder", "letters", "the data is 'NCHH', not an order of N C H W"),
    ("OneLayout", "letters", "channels_last"),
    ("NumpyArguments", "literals", "stride=np.int64(2) is no literal"),
    ("SetOfArguments", "literals", "is no literal"),
    ("NoFunction", "literals", "the function is ''"),
    ("FlipOfInt", "literals", "`flip` is 0, no bool"),
    ("Terse", "reasons", "the reason is 'no'"),
    ("Promising", "ops", "fake.loops says none of the plainest layers of avg_pool"),
    ("Short", "results", "results for "),
    ("Bare", "results", "run() gives a ndarray, neither Returned nor Raised"),
    ("Backwards", "in-order", "has another result than by itself"),
    ("ListOfSizes", "shapes", "not a tuple of int"),
    ("NumpySizes", "shapes", "not a tuple of int"),
    ("Flat", "shapes", "gradients were asked for"),
    ("Unbatched", "shapes", "output were asked for"),
    ("Throwing", "errors", "ValueError: there is nothing to compute"),
    ("Guilty", "errors", "ValueError: nothing to compute"),
    ("NoVersion", "facts", "facts() has no 'version'"),
    ("NumberOfThreads", "facts", "'threads': 1, where both are texts"),
    ("ListOfFacts", "facts", "facts() gives a list, not a dict"),
    ("Turned", "agrees fake.loops eager", "adjoint: wrong_operator: expected o = 3×5, observed o = 3×5; "),
    ("Greater", "agrees fake.loops abstract", "declared: wrong_shape: expected o = 3×5, observed o = 3×6; "),
    ("Knowing", "faults fake.loops eager", "the kernel turned by 180° was handed over, and the verdict is 'agrees'"),
    ("Shrinking", "faults fake.loops abstract", "a longer input was handed over, and the verdict is 'agrees'"),
    ("Unswitched", "switch threads=2", "facts() gives the same with it and without"),
    ("Unswitchable", "switch threads=2", "it cannot be switched"),
    ("WronglySwitched", "switch threads=2", "wrong_operator"),
]
# Of a pooling, what is not longer is not longer when it is computed either.
MORE = {"Shrinking": {"faults fake.loops eager"}}


@pytest.mark.parametrize(("name", "failed", "said"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_what_is_wrong_fails_its_check_and_no_other(
    name: str, failed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = check(f"fakes.broken:{name}", 1, capsys)
    found = wrong(told)
    assert set(found) == {failed, *MORE.get(name, ())}, found
    assert said in found[failed]
    assert all("\n" not in one["told"] + one["remedy"] for one in told)
    assert all(one["remedy"] for one in told if one["status"] != "ok")
    shown = [one["name"] for one in told]
    known = [*ALL, "switch threads=2"]
    assert shown == [one for one in known if one in shown]  # in order, each once


def test_every_check_is_failed_by_some_adapter() -> None:
    absent = {"installed", "starts"}  # see below
    assert {failed for _, failed, _ in BROKEN} | absent | {"found"} >= set(ALL)


@pytest.mark.parametrize(
    ("name", "failed", "said"),
    [
        ("Absent", "installed", "no_such_framework is not installed in this environment"),
        ("AbsentHalf", "installed", "no_such_framework.half is not installed in this environment"),
        ("Unstarted", "starts", "ended while starting (exit status 1); it last said: RuntimeError: it does not start"),
        ("Incomplete", "starts", "no_such_framework is not installed there; install it with: pip install 'numpy'"),
        ("Deviceless", "starts", "no CUDA device: there is none"),
    ],
)
def test_a_framework_that_is_not_there_ends_with_3(
    name: str, failed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = check(f"fakes.broken:{name}", 3, capsys)
    assert said in wrong(told)[failed]
    assert told[-1]["name"] == failed


def test_nothing_is_asked_after_what_makes_it_pointless(capsys: pytest.CaptureFixture[str]) -> None:
    assert [one["name"] for one in check("fakes.broken:NoAdapter", 1, capsys)] == ["found", "loads"]
    assert check("fakes.broken:NoRoutes", 1, capsys)[-1]["name"] == "routes"
    assert check("fakes.broken:Refusing", 1, capsys)[-1]["name"] == "total"
    assert check("fakes.broken:Short", 1, capsys)[-1]["name"] == "results"
    # where a surface is wrong already, a fault would show nothing; the other is looked at
    shown = [one["name"] for one in check("fakes.broken:Turned", 1, capsys)]
    assert "faults fake.loops eager" not in shown
    assert "faults fake.loops abstract" in shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such", "no framework 'no_such': there are torch, tensorflow, jax"),
        ("no_such_module:Adapter", "there is no module 'no_such_module'"),
        ("fakes.no_such_module:Adapter", "there is no module 'fakes.no_such_module'"),
        ("fakes.broken:NoSuchClass", "fakes.broken has no 'NoSuchClass'"),
        ("fakes.broken:", "'fakes.broken:' names no class: write MODULE:CLASS"),
        (":Small", "':Small' names no class: write MODULE:CLASS"),
    ],
)
def test_a_name_that_leads_nowhere_is_a_mistake_of_the_user(
    name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-adapter", name]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_the_text_has_a_line_a_check_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-adapter", "fakes.broken:Terse"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[7:].partition(":")[0] for line in lines[:-1]] == ALL
    assert {line[:7] for line in lines[:-1]} == {"ok     ", "WRONG  "}
    assert [line for line in lines if line.startswith("WRONG")] == [
        "WRONG  reasons: conv1d.i6.k3.s2.p0.d1.c2to3 on fake.loops: the reason is 'no' (and 623 more); "
        "say in a sentence, on one line, what the route lacks"
    ]
    assert lines[-1] == "1 of 25 checks do not hold: reasons; more may show when they do"
    assert main(["check-adapter", "fakes.broken:Small"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "all 25 checks hold"


def test_a_module_that_imports_its_framework_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether the framework is there or not, and whether its lack is caught or not."""
    text = "from fakes.broken import Small\nclass Mine(Small):\n    package = '{}'\n"
    (tmp_path / "hasty.py").write_text("import wave\n" + text.format("wave"))
    told = check("hasty:Mine", 1, capsys)
    assert wrong(told) == {"imports": "wave was asked for"}
    assert told[-1]["name"] == "imports"
    (tmp_path / "trying.py").write_text(
        "try:\n    import wave.parts\nexcept ImportError:\n    pass\n" + text.format("wave.parts")
    )
    assert wrong(check("trying:Mine", 1, capsys)) == {"imports": "wave was asked for"}


def test_a_module_that_cannot_be_imported_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "raising.py").write_text("1 / 0\n")
    told = check("raising:Mine", 1, capsys)
    assert wrong(told) == {"loads": "importing raising raises ZeroDivisionError: division by zero"}
    (tmp_path / "lacking.py").write_text("import no_such_framework\n")
    told = check("lacking:Mine", 1, capsys)
    assert wrong(told) == {"loads": "No module named 'no_such_framework'"}


def test_a_name_is_looked_up_among_the_registered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(monkeypatch, tmp_path / "one", "fake", "fakes.broken:Small")
    told = check("fake", 0, capsys)
    assert told[0]["told"] == "'fake' is fakes.broken:Small"
    assert check("fakes.broken:Small", 0, capsys)[0]["told"] == "fakes.broken:Small is registered as 'fake'"


def test_a_registered_name_is_the_adapter_s_and_no_other_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(monkeypatch, tmp_path / "one", "other", "fakes.broken:Small")
    assert wrong(check("other", 1, capsys)) == {"name": "`name` is 'fake', and the entry point calls it 'other'"}
    register(monkeypatch, tmp_path / "two", "fake", "fakes.broken:Small")
    register(monkeypatch, tmp_path / "three", "fake", "fakes.loops:Loops")
    assert set(wrong(check("fake", 1, capsys))) == {"found"}
    register(monkeypatch, tmp_path / "four", "gone", "fakes.broken:Gone")
    assert "fakes.broken:Gone is no adapter" in wrong(check("gone", 1, capsys))["loads"]
