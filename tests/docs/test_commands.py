"""Every command of convarith that a page prints is run, or it stands here why not: a new one has to be put somewhere.

Those that need no framework are run as they are printed; those about runs, on runs of fakes that have the frameworks'
names. Those that show one layer of a framework are run on the framework. Words in capitals stand for what a reader
fills in, and are filled in here.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.frameworks import registry
from harness.selftest.faults import BY_NAME
from harness.selftest.planting import reference

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "reports").glob("*.md")])
# In a block of its own, or in a sentence; there a verb alone is a name and no command.
BLOCK = re.compile(r"^    (convarith [a-z][^\n]*?)(?:\s+#.*)?$", re.MULTILINE)
SENTENCE = re.compile(r"`(convarith [a-z]+ [^`]+)`")
VERB = re.compile("convarith (?:(?:known|env) )?[a-z-]+")

ALONE = {
    "convarith claims": 0,
    "convarith claims --format markdown": 0,
    "convarith list --count": 0,
    "convarith list --grid NAME": 0,
    "convarith list --grid NAME --count": 0,
    "convarith list --coverage 2": 0,
    "convarith list --grid nightly --coverage 2": 0,
    "convarith routes --case padding_strides": 0,
    "convarith routes --case ID": 0,
    "convarith routes --format markdown": 0,
    "convarith routes --padding": 0,
    "convarith routes --surfaces": 0,
    "convarith draw padding_strides --svg F": 0,
    "convarith selftest --faults": 0,
    "convarith selftest --fault kernel_flipped --grid pull-request": 0,
    "convarith env list": 0,
    "convarith env check": 0,
    "convarith explain --functions": 0,
}
# In this order, on fakes: jax and torch are right, tensorflow lands early on even inputs, and until that is listed as
# known a run ends with 1.
ON_FAKES = (
    ("convarith run -f torch -f jax -r R12", 0),
    ("convarith run --case padding_strides", 0),  # i = 5 is odd
    ("convarith run --case ID", 0),
    ("convarith run --no-vary", 1),
    ("convarith run --resume --out reports/DATE-TIME", 1),
    ("convarith run --shard 1/2 --out a", 1),
    ("convarith merge a b -o whole", 1),
    ("convarith merge part1 part2 -o whole --github", 1),
    ("convarith report reports/DATE-TIME --html report.html", 0),
    (
        "convarith report reports/DATE-TIME --markdown summary.md --junit junit.xml --ctrf ctrf.json --badges badges "
        "--github",
        0,
    ),
    ('convarith query reports/DATE-TIME "SELECT route, status, count(*) FROM verdicts GROUP BY ALL"', 0),
    ("convarith shrink CASE -f tensorflow", 0),
    ("convarith baseline RUN -o reports/baseline", 0),
    ("convarith baseline reports/DATE-TIME -o reports/baseline", 0),
    ("convarith baseline RUN -o reports/baseline --page reports/README.md", 0),
    ("convarith diff reports/baseline RUN", 0),
    ("convarith diff A B", 0),
    ("convarith history RUN", 0),
    ("convarith known check RUN", 1),
    ("convarith known add reports/DATE-TIME", 0),
    ("convarith known add RUN", 0),
    ("convarith known prune RUN", 0),
)
# By what runs the very same lines, or these verbs on fakes that have releases.
ELSEWHERE = {
    r"convarith draw \S+( --transposed)?( --animate)? --svg docs/figures/\S+\.svg": "drawing/test_pictures.py",
    r"convarith (explain|translate) .*": "docs/test_investigate.py",
    r"convarith repro .*": "repro/test_page.py",
    r"convarith check-adapter .*": "frameworks/test_onnxruntime.py",
    r"convarith run -f onnxruntime .*": "frameworks/test_onnxruntime.py",
    r"convarith bisect .*": "environments/test_bisect.py",
    r"convarith (diff|history) reports/jaxes( .*)?|convarith diff RUN 0.*": "diff/test_history.py",
    r"convarith merge A B -o C --releases|convarith merge --releases": "environments/test_releases_program.py",
    r"convarith env (create|remove) .*": "environments/test_releases_program.py",
    r"convarith run --random .*": "exploration/test_explore_program.py",
    r"convarith run --resume --out run": "harness/test_going_on.py",
    r"convarith translations .*": "docs/test_translation.py",
    r"convarith selftest --grid smoke --grid pull-request --grid nightly.*": "selftest/test_score.py",
}
NOT_RUN = {
    r"convarith run .*(==|>=).*|convarith run -f tf-nightly .*": "installs releases of frameworks from an index",
    r"convarith run .*--grid nightly.*": "takes a quarter of an hour",
    r"convarith run --device gpu .*": "needs a CUDA device",
    r"convarith run -f jax=PATH/TO/python": "needs another environment that holds JAX",
    r"convarith run -f torch --grid pull-request --out run --github": "takes minutes; --github is run on fakes",
    r"convarith run -f tensorflow -f torch -r R6": "takes minutes; it is what `tox run -e conformance` does for all",
    r"convarith query RUN \"SELECT …\"|convarith shrink RUN --where SQL": "a reader's own SQL stands there",
    r"convarith (repro|shrink) CASE -f FRAMEWORK|convarith (diff|history) --format html": "a form of words",
    r"convarith baseline RUN": "a form of words",
    r"convarith (run|merge|report|known|explain|baseline) --[^ ]*( FILE --html FILE| N --seed S)?": "a form of words",
    r"convarith history reports/jaxes reports/older": "two runs of other releases",
    r"convarith diff reports/jax-\S+ reports/jax-\S+ --only-changed": "two runs of releases from an index",
}


def printed() -> list[str]:
    found: dict[str, None] = {}
    for page in PAGES:
        text = page.read_text("utf-8")
        found |= dict.fromkeys(match.strip() for pattern in (BLOCK, SENTENCE) for match in pattern.findall(text))
    return [" ".join(command.split()) for command in found]


def on_a_framework() -> list[str]:
    """The commands that show one layer in a framework, as it is printed."""
    return [
        command
        for command in printed()
        if re.fullmatch(
            r"convarith run -f (torch|tensorflow|jax|flax|keras-\w+)( --(route|mode|op) \S+)* --case \S+", command
        )
    ]


def places(command: str) -> list[str]:
    found = ["alone"] * (command in ALONE) + ["fakes"] * (command in dict(ON_FAKES))
    found += ["framework"] * (command in on_a_framework())
    found += [pattern for pattern in (*ELSEWHERE, *NOT_RUN) if re.fullmatch(pattern, command)]
    return found


def test_every_command_has_its_place() -> None:
    lost = [command for command in printed() if not places(command) and not VERB.fullmatch(command)]
    assert lost == []
    assert len(printed()) > 80


def test_nothing_stands_here_that_no_page_prints() -> None:
    known = set(printed())
    assert [command for command in (*ALONE, *dict(ON_FAKES)) if command not in known] == []
    for pattern in (*ELSEWHERE, *NOT_RUN):
        assert any(re.fullmatch(pattern, command) for command in known), pattern
    for file in ELSEWHERE.values():
        assert (TESTS / file).is_file(), file


def words(command: str, **filled: str) -> list[str]:
    """The arguments of a command, what stands for something being filled in."""
    found = shlex.split(command)[1:]
    return [filled.get(word, filled.get(word.replace("/", "_").replace("-", "_"), word)) for word in found]


LONG = {"convarith list --grid nightly --coverage 2", "convarith selftest --fault kernel_flipped --grid pull-request"}


@pytest.mark.parametrize(
    "command",
    [pytest.param(one, marks=pytest.mark.nightly if one in LONG else pytest.mark.slow) for one in ALONE],
)
def test_commands_that_need_no_framework(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    filled = {"NAME": "smoke", "ID": "conv2d.i5x6.k3x2.s2x1.p1x0.d1x1", "F": "layer.svg"}
    assert main(words(command, **filled)) == ALONE[command]
    out = capsys.readouterr().out
    assert out or (tmp_path / "layer.svg").is_file() or command.startswith("convarith env")


@pytest.mark.nightly  # the grid is smoke, as it is where a command names none: minutes
def test_commands_about_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {"torch": "fakes.loops:Loops", "jax": "fakes.loops:Loops"}
    known["tensorflow"] = reference(BY_NAME["even_inputs_land_early"])
    monkeypatch.setattr(registry, "adapters", lambda: known)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)
    Path("listed").mkdir()
    run = ""
    for command, code in ON_FAKES:
        if "merge" in command:
            shutil.rmtree("whole", ignore_errors=True)
        if "--page" in command:
            shutil.copy(ROOT / "reports" / "README.md", "reports")
        filled = {"RUN": run, "reports_DATE_TIME": run, "A": run, "B": run, "part1": "a", "part2": "b"}
        filled |= {"ID": "conv2d.i5x7.k3x2.s2x1.p1x0.d1x1", "CASE": "conv1d.i4.k3.s1.p1.d1.c2to3"}
        # What is listed as known of fakes must not come into the list of the frameworks'.
        more = ["--known", "listed"] if re.match("convarith known (add|prune)", command) else []
        assert main([*words(command, **filled), *more]) == code, f"{command}: {capsys.readouterr().err}"
        capsys.readouterr()
        if "--no-vary" in command:
            run = str(max(Path("reports").iterdir()))
        if "--shard 1/2" in command:
            assert main(["run", "--shard", "2/2", "--out", "b"]) == code


@pytest.mark.frameworks
def test_commands_that_show_one_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = on_a_framework()
    assert len(commands) > 10
    for number, command in enumerate(commands):
        code = main([*words(command), "--no-vary", "--out", f"run{number}"])
        told = capsys.readouterr()
        # What a finding is about deviates, on some processors alone; that it is known is a matter of the grids.
        assert code in (0, 1), f"{command}: {told.out}{told.err}"
        assert re.search(r"\b[1-9]\d* verdicts?\b", told.out), command
