"""Files of known deviations as they are written: read back the same, and nothing of what people wrote is lost."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.deviations import Entry, read
from harness.deviations.write import added, from_rules, of_one_predicate, pruned, written
from harness.errors import ConvarithError
from harness.rules import Rule

DAY = datetime.date(2026, 9, 21)
RULE = Rule(
    framework="fake", status="crashed", ops=("conv",), aspects=("adjoint", "forward"), words=("any k̂ > 1", "o > 0"),
    sql=("k_hat_max > 1", "o_min > 0"), support=3, total=4, example="conv1d.i5.k2.s2.p0.d1", diagnosis="SIG\nFPE",
)  # fmt: skip
FILE = """\
# What is known of it.

[[entry]]
name = "a"
where = "k_even"
status = "crashed"
grid = "smoke"
date = 2026-09-01
reason = "One."

# Above b.
# Of two lines.
[[entry]]  # b
name = "b"
where = "s_max > 1"
status = "crashed"
grid = "smoke"
date = 2026-09-01
reason = "Two."

[[entry]]
name = "c"
where = "d_max > 1"
status = "crashed"
grid = "smoke"
date = 2026-09-01
reason = "Three."  # the last
"""


CONDITION = st.dictionaries(st.sampled_from(["device", "instruction_sets"]), st.sampled_from(["a", ("b", "!c")]))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how fast a machine is says nothing
@given(
    st.builds(
        Entry,
        name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]*", fullmatch=True),
        where=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
        status=st.sampled_from(["crashed", ("crashed", "unstable")]),
        grid=st.sampled_from(["smoke", ("nightly", "smoke"), "my.toml"]),
        date=st.dates(),
        until=st.none() | st.dates(),
        reason=st.text(st.characters(exclude_categories=["Cs"])),
        upstream=st.text(st.characters(exclude_categories=["Cs"])),
        route=st.sampled_from(["*", "torch.nn*", ("a", "b")]),
        switch=st.sampled_from(["*", ""]),
        count=st.none() | st.integers(0, 10**6),
        exceptions=st.integers(0, 9) | st.just("any"),
        versions=st.sampled_from(["", ">=2,<3"]),
        environment=CONDITION | st.lists(CONDITION, min_size=1, max_size=3).map(tuple),
    )
)
def test_what_is_written_is_read_back_the_same(entry: Entry) -> None:
    assert read(written(entry, "a comment\nof two lines", ""), "fake.toml") == (entry,)


def test_a_star_is_left_out_only_where_that_is_as_if_it_were_left_out() -> None:
    entry = Entry(name="n", where="*", status="crashed", grid="smoke", date=DAY, reason="")
    assert read(written(entry), "fake.toml") == (entry,)


def test_the_entry_of_a_rule() -> None:
    entry = from_rules([RULE], grid="smoke", version="2.3.1+cpu", date=DAY, taken=())
    assert written(entry, f"{RULE.support} of {RULE.total}", RULE.diagnosis) == (
        "[[entry]]\n# 3 of 4\n# SIG FPE\n"
        'name = "conv-any-k-over-1-o-over-0-crashed"\n'
        "where = \"op = 'conv' AND k_hat_max > 1 AND o_min > 0\"\n"
        'aspect = ["adjoint", "forward"]\nstatus = "crashed"\nversions = ">=2.3.1"\ngrid = "smoke"\n'
        'date = 2026-09-21\nreason = ""\nupstream = ""\n'
    )


def test_what_happens_to_the_same_layers_is_one_entry_of_several_statuses() -> None:
    other, elsewhere = replace(RULE, status="unstable", support=1), replace(RULE, status="unstable", aspects=())
    assert of_one_predicate([RULE, elsewhere, other]) == [[RULE, other], [elsewhere]]
    entry = from_rules([RULE, other], grid="smoke", version="", date=DAY, taken=())
    assert entry.status == ("crashed", "unstable")
    assert entry.name == "conv-any-k-over-1-o-over-0-crashed-unstable"


def test_a_comment_holds_text_alone() -> None:
    entry = from_rules([RULE], grid="smoke", version="", date=DAY, taken=())
    text = written(entry, "refused: \x1b[31mno\x00 \u2028good")
    assert "# refused: [31mno good\n" in text
    assert read(text, "f") == (entry,)


def test_names_are_taken_once() -> None:
    first = from_rules([RULE], grid="smoke", version="", date=DAY, taken=())
    second = from_rules([RULE], grid="smoke", version="", date=DAY, taken={first.name})
    assert second.name == f"{first.name}-2"
    assert second.versions == ""


def test_entries_come_at_the_end_of_what_is_there() -> None:
    entry = written(from_rules([RULE], grid="smoke", version="1", date=DAY, taken=()))
    text = added(FILE, [entry])
    assert text.startswith(FILE)
    assert [one.name for one in read(text, "f")][:3] == ["a", "b", "c"]
    assert len(read(text, "f")) == 4
    assert added("", [entry]) == entry


@pytest.mark.parametrize(
    ("names", "left", "gone"),
    [
        (["a"], ["What is known", "Above b", "Two.", "the last"], ["One."]),
        (["b"], ["What is known", "One.", "the last"], ["Above b", "Two."]),
        (["c"], ["What is known", "One.", "Of two lines", "Two."], ["the last"]),
        (["a", "b", "c"], ["What is known"], ["One.", "Above b", "Three."]),
        ([], ["What is known", "One.", "Of two lines", "Two.", "the last"], []),
    ],
)
def test_what_is_taken_out_takes_its_comments_and_nothing_else(
    names: list[str], left: list[str], gone: list[str]
) -> None:
    text = pruned(FILE, names, "fake.toml")
    assert all(one in text for one in left)
    assert not any(one in text for one in gone)
    assert [entry.name for entry in read(text, "f")] == [name for name in "abc" if name not in names]


def test_a_file_written_in_another_way_is_left_alone() -> None:
    inline = 'entry = [{ name = "a", where = "true", status = "crashed", grid = "smoke", date = 2026-09-01 }]\n'
    with pytest.raises(ConvarithError, match="entries cannot be taken out as it is written; remove a by hand"):
        pruned(inline, ["a"], "fake.toml")
