"""Known deviations as a user meets them: run, list, give the reason, be green; and what happens when it changes."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from lxml import etree

from harness.__main__ import main
from harness.frameworks import registry

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
GRID = """
summary = "small"
rank = [1]
ops = ["conv", "max_pool"]
[axis]
i = "3..5"
k = "1..3"
s = [1, 2]
"""


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A framework that refuses even kernels with a stride, a small grid, and an empty ledger."""
    monkeypatch.setattr(registry, "adapters", lambda: {"fake": "fakes.deviating:Deviating"})
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setenv("DEVIATE", "raise")
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.toml").write_text(GRID)
    (tmp_path / "ledger").mkdir()


def observe(out: str, *more: str) -> int:
    return main(["run", "-f", "fake", "--grid", "grid.toml", "--out", out, "--known", "ledger", *more])


def listed(reason: str = "It divides by k.", more: str = "") -> None:
    """The ledger as 'known add' writes it, with a reason."""
    assert observe("first") == 1
    assert main(["known", "add", "first", "--known", "ledger"]) == 0
    path = Path("ledger/fake.toml")
    path.write_text(path.read_text().replace('reason = ""', f'reason = "{reason}"{more}'))


def test_what_is_not_listed_fails_and_is_said_in_few_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert observe("run") == 1
    lines = capsys.readouterr().out.splitlines()
    assert "unexpected of" in lines[0]
    head = lines.index("In few words, not as expected:")
    assert head < 10
    assert lines[head + 1] == "fake"
    assert lines[head + 2] == "  9 of 9 rejected: conv, any s > 1, k even"
    assert "refused: NotImplementedError: even kernels have no stride" in lines[head + 4]
    assert "No entry of the known deviations knows them" in " ".join(lines)
    page = Path("run/report.md").read_text()
    assert "rejected and known by no entry" in page
    assert page.index("In few words, not as expected:") < page.index("## Environments")
    assert "convarith known add RUN" in page
    assert "In few words" in Path("run/report.html").read_text()


def test_add_writes_entries_that_fail_until_a_person_gives_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    listed(reason="")
    capsys.readouterr()
    assert observe("run") == 1
    assert "it gives no reason" in " ".join(capsys.readouterr().out.split())
    assert main(["known", "check", "run", "--known", "ledger"]) == 1
    assert "it gives no reason" in capsys.readouterr().out


def test_with_its_reason_a_run_is_as_expected_and_says_who_knows(capsys: pytest.CaptureFixture[str]) -> None:
    listed()
    capsys.readouterr()
    assert observe("run") == 0
    printed = capsys.readouterr().out
    assert "deviate as known" in printed.splitlines()[0]
    assert "not as expected" not in printed.split("12 of 34")[0]
    assert main(["known", "check", "run", "--known", "ledger"]) == 0
    capsys.readouterr()
    assert main(["query", "run", "SELECT DISTINCT status, known FROM verdicts ORDER BY status"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["status"], bool(row["known"])) for row in told] == [("agrees", False), ("rejected", True)]
    root = etree.parse("run/junit.xml").getroot()
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert "It divides by k" in Path("run/report.md").read_text()
    assert "It divides by k" in Path("run/report.html").read_text()


def test_its_reports_are_made_again_the_same() -> None:
    listed()
    assert observe("run") == 0
    assert main(["report", "run", "--html", "a.html", "--markdown", "a.md", "--junit", "a.xml"]) == 0
    for made, name in (("a.html", "report.html"), ("a.md", "report.md"), ("a.xml", "junit.xml")):
        assert Path(made).read_bytes() == Path("run", name).read_bytes()


def test_add_finds_nothing_more_and_is_the_same_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    listed()
    text = Path("ledger/fake.toml").read_text()
    capsys.readouterr()
    assert main(["known", "add", "first", "--known", "ledger"]) == 0
    assert capsys.readouterr().out == "nothing to add: every deviation of the run is known\n"
    assert Path("ledger/fake.toml").read_text() == text
    Path("ledger/fake.toml").unlink()
    assert main(["known", "add", "first", "--known", "ledger"]) == 0
    assert Path("ledger/fake.toml").read_text() == text.replace("It divides by k.", "")


def test_what_was_fixed_fails_until_it_is_taken_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed()
    monkeypatch.delenv("DEVIATE")
    capsys.readouterr()
    assert observe("fixed") == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "0 unexpected of" in printed
    assert "1 known deviation not as listed" in printed
    assert "it no longer occurs, all" in printed
    assert "it no longer occurs, all" in Path("fixed/report.md").read_text()
    assert int(etree.parse("fixed/junit.xml").getroot().get("failures")) == 1
    assert main(["known", "prune", "fixed", "--known", "ledger"]) == 0
    assert "1 entry taken out" in capsys.readouterr().out
    assert Path("ledger/fake.toml").read_text() == ""
    assert observe("again") == 0


def test_another_status_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    listed()
    monkeypatch.setenv("DEVIATE", "abort")
    capsys.readouterr()
    assert observe("changed") == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "are crashed, not rejected" in printed
    assert "crashed, not rejected" in Path("changed/report.md").read_text()


def test_one_ledger_is_green_on_either_machine_and_strict_on_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPABILITY", "AVX512")
    listed(more='\nenvironment = { capability = "AVX512*" }')
    assert observe("wide") == 0
    monkeypatch.setenv("CAPABILITY", "AVX2")
    assert observe("narrow-wrong") == 1  # it must not deviate here
    monkeypatch.delenv("DEVIATE")
    assert observe("narrow") == 0
    monkeypatch.setenv("CAPABILITY", "AVX512")
    assert observe("wide-fixed") == 1  # it must deviate here


def test_a_part_of_the_grid_judges_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    listed()
    assert observe("pools", "--op", "max_pool") == 0
    assert observe("even", "--where", "k[1] = 2") == 0
    monkeypatch.delenv("DEVIATE")
    assert observe("pools-too", "--op", "max_pool") == 0
    assert observe("even-fixed", "--where", "k[1] = 2") == 1


def test_shards_that_are_merged_are_held_against_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    listed()
    text = Path("ledger/fake.toml").read_text()
    for number in (1, 2):
        assert observe(f"part{number}", "--shard", f"{number}/2") == 0
    assert main(["merge", "part1", "part2", "--out", "whole", "--known", "ledger"]) == 0
    assert observe("undivided") == 0
    assert Path("whole/known.json").read_bytes() == Path("undivided/known.json").read_bytes()
    assert Path("whole/verdicts.parquet").read_bytes() == Path("undivided/verdicts.parquet").read_bytes()
    # what matches nothing is missed by the whole alone
    other = text.replace('name = "', 'name = "other-').replace('where = "', 'where = "k_min = 9 AND ')
    Path("ledger/fake.toml").write_text(f"{text}\n{other}")
    assert observe("part3", "--shard", "1/2") == 0
    capsys.readouterr()
    assert main(["merge", "part1", "part2", "--out", "again", "--known", "ledger"]) == 1
    assert "it matches no verdict of grid grid.toml" in " ".join(capsys.readouterr().out.split())


def test_a_finished_run_that_is_gone_on_with_is_held_against_what_is_known_now() -> None:
    listed()
    assert observe("run") == 0
    known = Path("run/verdicts.parquet").read_bytes()
    again = ["run", "--resume", "--out", "run"]
    assert main([*again, "--no-known"]) == 1
    assert main(["query", "run", "SELECT 1 FROM verdicts WHERE known IS NOT NULL"]) == 0
    assert "deviate as known" not in Path("run/report.md").read_text()
    assert main([*again, "--known", "ledger"]) == 0
    assert Path("run/verdicts.parquet").read_bytes() == known
    assert "deviate as known" in Path("run/report.md").read_text()


def test_a_table_without_the_column_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert observe("run") == 1
    with duckdb.connect() as database:
        told = database.sql("SELECT * EXCLUDE known FROM read_parquet('run/verdicts.parquet')")
        told.write_parquet("run/older.parquet")
    Path("run/older.parquet").rename("run/verdicts.parquet")
    capsys.readouterr()
    assert main(["report", "run"]) == 2
    told_so = capsys.readouterr().err
    assert "its verdicts have no column 'known'" in told_so
    assert "convarith merge run --out NEW" in told_so
    assert main(["merge", "run", "--out", "new", "--known", "ledger"]) == 1
    assert main(["report", "new"]) == 0


def test_a_rule_shows_the_operators_of_its_smallest_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVIATE", "turn")
    assert observe("run", "--where", "k[1] = 2") == 1
    rules = json.loads(Path("run/known.json").read_text())["settled"]["rules"]
    told = next(rule for rule in rules if rule["status"] == "wrong_operator" and "forward" in rule["aspects"])
    assert told["example"] == "conv1d.i4.k2.s2.p0.d1"  # of a single output none is in reverse
    assert told["surface"]["route"] == "fake.loops"
    assert (told["expected"], told["observed"]) == ("1 2 · ·\n· · 1 2", "· · 1 2\n1 2 · ·")
    assert (
        "expected    observed\n    1 2 · ·     · · 1 2\n    · · 1 2     1 2 · ·\n" in Path("run/report.md").read_text()
    )
    assert "1 2 · ·     · · 1 2" in Path("run/report.html").read_text()


def test_nothing_is_known_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    listed()
    assert main(["run", "-f", "fake", "--grid", "grid.toml", "--out", "run", "--no-known"]) == 1
    printed = capsys.readouterr().out
    assert "In few words, not as expected:" in printed
    assert observe("forgiven", "--exit-zero") == 0


def test_the_shipped_files_can_be_read() -> None:
    assert main(["run", "-f", "fake", "--grid", "grid.toml", "--out", "run"]) == 1  # and know nothing of this one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('where = "size > 3"', """ledger/fake.toml: entry 'even': where = "size > 3" cannot be understood: Binder"""),
        ('where = "k_even"\nversions = "new"', "ledger/fake.toml: entry 'even': versions = 'new': write a range"),
    ],
)
def test_a_bad_entry_is_a_sentence_before_anything_is_observed(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = f'[[entry]]\nname = "even"\n{text}\nstatus = "crashed"\ngrid = "smoke"\ndate = 2026-09-01\n'
    Path("ledger/fake.toml").write_text(entry)
    assert observe("run") == 2
    assert said in capsys.readouterr().err
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "-f", "fake", "--known", "nowhere"], "no directory nowhere with known deviations"),
        (["run", "-f", "fake", "--known", "ledger", "--no-known"], "--known and --no-known contradict each other"),
        (["known", "check", "nowhere"], "nowhere holds no run"),
    ],
)
def test_a_mistake_is_a_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_entries_are_of_a_grid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-f", "fake", "--case", "conv1d.i4.k2.s2.p0.d1", "--out", "one", "--known", "ledger"]) == 1
    assert main(["known", "add", "one", "--known", "ledger"]) == 2
    assert "the run in one is of chosen cases" in capsys.readouterr().err
