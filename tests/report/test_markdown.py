from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.deviations.findings import Finding
from harness.deviations.settled import Known, Settled
from harness.records import Environment, Surface, Verdict
from harness.report.markdown import MIB, escaped, markdown
from harness.report.model import Report
from harness.rules import Rule

OWN_TAGS = {"<code>", "</code>", "<br>"}


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a Markdown text, as GitHub's tables and strike-through make them."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """What a reader sees of a Markdown text."""
    return "".join(token.content for token in tokens(text) if token.type in ("text", "text_special"))


def test_the_first_line_is_the_verdict(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    good, bad = verdict(), verdict(status="crashed")
    first = [
        markdown(made).splitlines()[0]
        for made in (report(good), report(good, bad), report(bad, complete=False), report())
    ]
    assert first == [
        "# As expected: 1 verdict, 1 agree",
        "# 1 unexpected of 2 verdicts",
        "# INCOMPLETE: the run did not finish; 1 unexpected of 1 verdict",
        "# Nothing was judged: there is no verdict",
    ]


def test_an_environment_that_failed_says_why(report: Callable[..., Report]) -> None:
    text = markdown(report(environments=(Environment("jax", "/env/python", {"jax": "1|2"}, failure="no\nmodule"),)))
    assert "INCOMPLETE: 1 environment failed" in text
    assert "| jax | <code>/env/python</code> | **failed:** <code>no module</code><br>jax 1&#124;2 |" in text


def test_the_matrix_counts_and_the_total_does_not_add_rows_up(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    text = markdown(
        report(
            *[verdict(relationships=("R1", "R2"))] * 3,
            verdict(relationships=("R2",), status="crashed"),
            verdict(relationships=("R1",), surface=surfaces[1], status="unsupported"),
        )
    )
    assert "| Relationship | tensorflow<br>keras.layers<br>eager | torch<br>torch.nn.functional<br>eager |" in text
    assert "| R1 No zero padding, unit strides | – | 3 |" in text
    assert "| R2 Zero padding, unit strides |  | **✗ 1 of 4** |" in text
    assert "| **total** | – | **✗ 1 of 4** |" in text
    assert "do not add up to the total" in text
    assert "| torch/torch.nn.functional/eager | 3 |  | 1 |" in text


def test_each_group_has_its_count_and_smallest_example(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    text = markdown(
        report(
            verdict(status="wrong_operator", case_id="conv1d.i100.k3.s2.p1.d1", diagnosis="not this one"),
            verdict(status="wrong_operator", observed="o = 4", diagnosis="kernel flipped"),
        )
    )
    assert "### wrong_operator, forward, torch/torch.nn.functional/eager: 2 verdicts" in text
    assert "- smallest case: <code>conv1d.i5.k3.s2.p1.d1</code>" in text
    assert "- observed: <code>o = 4</code>" in text
    assert "- diagnosis: <code>kernel flipped</code>" in text
    assert "convarith run --case conv1d.i5.k3.s2.p1.d1 -f torch --route torch.nn.functional --mode eager" in text
    assert "not this one" not in text


def test_reasons_are_listed(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    text = markdown(report(*[verdict(status="unsupported", observed="no <groups>")] * 2))
    assert "- torch/torch.nn.functional/eager: <code>no &#60;groups&#62;</code>, 2 verdicts" in text
    assert "Not as expected" not in text


def test_hostile_text_is_no_markup_and_shows_as_itself(hostile_report: Report) -> None:
    text = markdown(hostile_report)
    text.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", text)
    found = list(tokens(text))
    assert {token.content for token in found if token.type == "html_inline"} == OWN_TAGS
    kinds = {token.type for token in found}
    assert kinds.isdisjoint({"html_block", "link_open", "image", "code_inline", "code_block", "em_open", "s_open"})
    headings = [token for token in found if token.type == "heading_open"]
    assert len(headings) == 1 + len(re.findall(r"^##", text, re.MULTILINE))
    for part in ("<script>alert(1)</script> ]]>", "| `tick` ```", "_u_", "https://a.example", "@user #1", "&amp;"):
        assert part in shown(text)


def test_names_and_addresses_of_others_become_no_links(hostile: str) -> None:
    # GitHub makes links of these by itself, wherever they stand as they are.
    text = escaped(hostile, 10_000)
    assert not re.search(r"@|https?://|www\.|(?<!&)#\d", text)


def test_ids_stay_readable() -> None:
    assert escaped("avg_pool2d.i5x6.k3x2 wrong_shape _x_") == "avg_pool2d.i5x6.k3x2 wrong_shape &#95;x&#95;"


def test_every_row_of_a_table_has_the_same_number_of_cells(hostile_report: Report) -> None:
    rows = [line for line in markdown(hostile_report).splitlines() if line.startswith("|")]
    for table in ("| Framework", "| Relationship", "| Surface"):
        start = next(number for number, line in enumerate(rows) if line.startswith(table))
        assert rows[start].count("|") == rows[start + 1].count("|") == rows[start + 2].count("|")


def test_many_verdicts_stay_short(many: Report) -> None:
    text = markdown(many)
    assert len(text.encode()) < 20_000
    assert "Cut to stay" not in text
    assert "20000 unexpected of 20000 verdicts" in text


@pytest.fixture
def varied(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> Report:
    """5 000 verdicts, each a group of its own: several megabytes."""
    return report(
        *(
            verdict(surface=Surface("f", f"route{number}", "eager"), status="crashed", observed="<" * 100)
            for number in range(5_000)
        )
    )


@pytest.mark.parametrize("limit", [MIB, 65_536, 4096])
def test_a_text_that_would_be_too_long_is_cut_and_says_what_is_missing(varied: Report, limit: int) -> None:
    text = markdown(varied, limit=limit)
    groups = text.count("\n### crashed")
    assert limit // 2 < len(text.encode()) < limit or groups == 0
    assert f"{5_000 - groups} unexpected kinds" in text
    assert ("1 matrix" in text) == (limit < MIB)
    assert text.index("Cut to stay") < 1000
    assert "convarith query RUN_DIR" in text
    assert text.startswith("# 5000 unexpected of 5000 verdicts\n")


def test_a_limit_that_nothing_fits_is_refused(report: Callable[..., Report]) -> None:
    with pytest.raises(ValueError, match="at least 4096"):
        markdown(report(), limit=4095)


def test_the_order_of_the_verdicts_does_not_matter(shuffled: list[tuple[Report, Report]]) -> None:
    for one, other in shuffled:
        assert markdown(other) == markdown(one)


def test_a_rule_shows_its_diagnosis_and_then_the_two_operators(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    rule = Rule(
        framework="torch", status="wrong_operator", words=("k even",), sql=("k_even",), support=36, total=40,
        example="conv1d.i5.k2.s1.p1.d1", diagnosis="pads (0, 1); p = 1 says (1, 1)",
        expected="1 2 ·\n· 1 2", observed="2 ·\n1 2\n· 1",
    )  # fmt: skip
    text = markdown(report(verdict(status="wrong_operator"), settled=Settled((rule,))))
    head = text.index("torch: k even: wrong_operator, 36 of 40")
    assert text.index("# 1 unexpected") < head < text.index("## Environments")
    after = html.unescape(text[head:])
    assert "diagnosis: <code>pads (0, 1); p = 1 says (1, 1)</code>\n\n    ```\n" in after
    assert "    expected    observed\n    1 2 ·       2 ·\n    · 1 2       1 2\n                · 1\n    ```\n" in after


def items_below(text: str, head: str) -> list[str]:
    """What a reader sees of each item of the list that follows a line of text."""
    found, inside = [], False
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "inline" and token.level <= 1:
            inside = token.content == head
        elif token.type == "inline" and inside and token.level == 3:
            found.append("".join(one.content for one in token.children or () if one.type in ("text", "text_special")))
    return found


def test_what_is_new_what_is_fixed_and_what_is_known_stand_in_lists_of_their_own(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    rule = Rule(
        framework="torch", status="rejected", words=("any s > 1", "k even"), sql=("s_max > 1", "k_even"), support=36,
        total=40, example="conv1d.i5.k2.s2.p1.d1", exceptions=("conv1d.i2.k2.s2.p0.d1",), depends="only in mode eager",
    )  # fmt: skip
    told = Settled(
        (rule,),
        (
            Finding("new", "torch", "", "torch: 36 verdicts are rejected and known by no entry"),
            Finding(
                "fixed", "jax", "ends", "jax.toml: ends: it no longer occurs, all 3 verdicts that it matches agree"
            ),
        ),
        (Known("keras-jax", "same-even", 12, "It pads the other end.", "https://a.example/1"),),
    )
    text = markdown(report(verdict(status="rejected"), settled=told))
    assert items_below(text, "In few words, not as expected:") == ["torch: any s > 1, k even: rejected, 36 of 40"]
    assert items_below(text, "The known deviations are not as listed:") == [one.sentence for one in told.findings]
    assert items_below(text, "Known deviations that occur:") == [
        "keras-jax: same-even: 12 verdicts. It pads the other end. https://a.example/1"
    ]
    details = html.unescape(text)
    for name, value in (
        ("for example", "conv1d.i5.k2.s2.p1.d1"),
        ("not so", "conv1d.i2.k2.s2.p0.d1"),
        ("in SQL", "s_max > 1 AND k_even"),
        ("depends", "only in mode eager"),
    ):
        assert f"  - {name}: <code>{value}</code>\n" in details
    order = ["# 1 unexpected", "In few words", "The known deviations are", "Known deviations that", "## Environments"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_of_what_is_as_expected_there_are_no_rules(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    text = markdown(report(verdict()))
    assert not any(word in text for word in ("In few words", "known deviations", "Known deviations"))
