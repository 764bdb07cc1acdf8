from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from cases.claims import IDS
from harness.deviations.settled import Settled
from harness.records import Environment, Surface, Verdict
from harness.report.model import Report
from harness.report.summary import QUERY
from harness.report.terminal import GROUPS, RULES, show
from harness.rules import Rule


def shown(report: Report, width: int = 80, folder: str = "RUN_DIR") -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False, no_color=True, _environ={})
    show(report, console, folder)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def coloured(report: Report) -> str:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system="standard", _environ={})
    show(report, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.split()[:1] == [name])


def test_the_first_line_is_the_verdict(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    good, bad = verdict(), verdict(status="crashed")
    assert shown(report(good)).startswith("As expected: 1 verdict, 1 agree\n")
    assert shown(report(good, bad)).startswith("1 unexpected of 2 verdicts\n")
    assert shown(report(good, complete=False)).startswith("INCOMPLETE: the run did not finish; 0 unexpected of 1")
    assert shown(report()).startswith("Nothing was judged")


def test_the_matrix_counts_and_the_total_does_not_add_rows_up(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    _, keras, lax = surfaces
    text = shown(
        report(
            *[verdict(relationships=("R1", "R2"))] * 3,
            verdict(relationships=("R2",), status="crashed"),
            verdict(relationships=("R1",), surface=keras, status="unsupported"),
            verdict(relationships=("R1",), surface=lax),
        )
    )
    assert row(text, "R1").split()[-3:] == ["1", "–", "3"]
    assert row(text, "R2").endswith(" 1 of 4")
    assert row(text, "total").split() == ["total", "1", "–", "1", "of", "4"]
    assert row(text, "crashed").split() == ["crashed", "1"]
    assert row(text, "unsupported").split() == ["unsupported", "1"]
    assert "do not add up to the total" in " ".join(text.split())


def test_colour_is_an_addition_to_what_the_text_says(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    text = coloured(report(verdict(), verdict(status="crashed"), verdict(surface=surfaces[1], status="unsupported")))
    line = next(line for line in text.splitlines() if "R6" in line)
    assert re.search(r"\x1b\[1;31m *1 of 2\x1b\[0m", line)
    assert re.search(r"\x1b\[2m *–\x1b\[0m", line)
    assert "\x1b[1;31m1 unexpected of 3 verdicts\x1b[0m" in text


@pytest.mark.parametrize(
    ("columns", "width", "cell", "together"),
    [
        (1, 80, "123 of 123", ""),
        (1, 50, "123 of 123", ""),
        (4, 80, "123 of 123", ""),
        (4, 60, "123", ""),
        (40, 80, "4920", "framework"),
        (40, 50, "4920", "framework"),
    ],
)
def test_it_fits_the_width_however_many_surfaces_there_are(
    verdict: Callable[..., Verdict], report: Callable[..., Report], columns: int, width: int, cell: str, together: str
) -> None:
    surfaces = [Surface("framework", f"package.module.submodule.route{n:02}", "compiled") for n in range(columns)]
    texts = {"expected": "o = 3×3×3", "observed": "ValueError: " + "path/" * 60, "diagnosis": "taps are shifted " * 20}
    verdicts = [verdict(surface=surface, status="rejected", **texts) for surface in surfaces for _ in range(123)]
    text = shown(report(*verdicts, asked={"where": "a" * 300}), width)
    assert max(map(cell_len, text.splitlines())) <= width
    table = text.partition("────")[2]
    shown_columns = 1 if together == "framework" else columns
    assert [len(re.findall(rf"(?<=  ){cell}(?!\S)", row(table, name))) for name in ("R6", "R15", "total")] == [
        shown_columns
    ] * 3
    words = text.partition("────")[0].split()
    assert [words.count(f"route{n:02}") for n in range(columns)] == [together != "framework"] * columns
    assert (f"counted together by {together or '.'}" in " ".join(text.split())) == bool(together)


def test_more_frameworks_than_fit_are_in_several_tables(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    names = [f"framework{n:02}" for n in range(30)]
    text = shown(report(*(verdict(surface=Surface(name, "route", "eager")) for name in names)))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert [text.split().count(name) for name in names] == [1] * 30
    assert text.count("────") > 1


def made(framework: str, number: int, support: int) -> Rule:
    return Rule(
        framework=framework,
        status="rejected",
        words=(f"d = {number}",),
        sql=(f"d[1] = {number}",),
        support=support,
        total=support,
        example="conv1d.i5.k3.s2.p1.d2",
        aspects=("adjoint", "forward"),
        diagnosis="refused: ValueError: \x1b[31mno",
    )


def settled(*rules: Rule) -> dict[str, Settled]:
    return {"settled": Settled(rules)}


def test_rules_come_first_each_with_its_smallest_case_and_diagnosis(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    text = shown(report(verdict(status="rejected"), **settled(made("torch", 2, 36))))
    lines = text.splitlines()
    head = lines.index("In few words, not as expected:")
    assert head < 6
    assert lines[head + 1 : head + 5] == [
        "torch",
        "  36 of 36 rejected: d = 2",
        "    smallest conv1d.i5.k3.s2.p1.d2; adjoint and forward",
        "    refused: ValueError: no",
    ]
    assert "rejected, 1 verdict" not in text  # the rules say it


def test_of_many_rules_each_framework_has_its_first_and_like_ones_are_one(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    many = [made("jax", number, 1000 - number) for number in range(2 * RULES)]
    same = [made(name, 99, 7) for name in ("keras-jax", "keras-torch")]
    text = shown(report(verdict(status="rejected"), **settled(*many, *same)))
    assert "keras-jax and keras-torch\n  7 of 7 rejected: d = 99" in text
    assert text.count(" rejected: d =") == RULES
    assert "1000 of 1000 rejected: d = 0" in text
    assert f"and {2 * RULES + 1 - RULES} more rules, in the report" in text


def test_our_own_faults_are_shown_beside_rules(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    text = shown(report(verdict(status="harness_error"), verdict(status="rejected"), **settled(made("torch", 2, 1))))
    assert "harness_error, 1 verdict" in text


def test_seven_frameworks_with_many_surfaces_fit_two_screens(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    names = ["flax", "jax", "keras-jax", "keras-tensorflow", "keras-torch", "tensorflow", "torch"]
    surfaces = [
        Surface(name, f"{name}.route{n}", mode) for name in names for n in range(3) for mode in ("eager", "jit")
    ]
    verdicts = [verdict(surface=one, relationships=tuple(IDS), status="rejected") for one in surfaces for _ in range(9)]
    rules = [made(name, number, 10_000) for name in names for number in range(20)]
    places = tuple(Environment(name, "python", {"version": "1.0", "x": "y" * 60, "z": "y" * 60}) for name in names)
    text = shown(report(*verdicts, environments=places, **settled(*rules)))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 130
    assert text.count("────") == 20  # one table


def test_wide_characters_count_twice(verdict: Callable[..., Verdict], report: Callable[..., Report]) -> None:
    surfaces = [Surface(f"框架{n}" * 6, "路徑" * 6, "模式" * 6) for n in range(5)]
    text = shown(report(*(verdict(surface=surface) for surface in surfaces)))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert all(surface.framework in text for surface in surfaces)


def test_the_groups_have_a_count_and_one_smallest_example(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    large = {"case_id": "conv1d.i100.k3.s2.p1.d1", "diagnosis": "not this one"}
    text = shown(
        report(
            verdict(status="wrong_operator", **large),
            verdict(status="wrong_operator", observed="o = 4", diagnosis="kernel flipped"),
            verdict(status="crashed", **large),
        )
    )
    assert "torch/torch.nn.functional/eager forward: wrong_operator, 2 verdicts" in text
    lines = text.partition("wrong_operator, 2 verdicts\n")[2].splitlines()[:4]
    assert [line.strip() for line in lines] == [
        "smallest   conv1d.i5.k3.s2.p1.d1",
        "expected   o = 3",
        "observed   o = 4",
        "diagnosis  kernel flipped",
    ]
    assert "not this one" not in text.partition("crashed, 1 verdict")[0]


def test_a_long_text_wraps_and_brackets_are_no_markup(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    long = "[red]ValueError[/red]: [/] " + "taps are shifted, " * 15
    text = shown(report(verdict(status="crashed", observed=long)))
    assert " ".join(long.split()) in " ".join(text.split())


def test_only_a_handful_of_groups_is_shown_and_the_rest_is_counted(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    surfaces = [Surface("f", f"route{number}", "eager") for number in range(GROUPS + 2)]
    text = shown(report(*(verdict(surface=surface, status="crashed") for surface in surfaces)))
    assert text.count("crashed, 1 verdict") == GROUPS
    assert "and 2 more groups" in text
    assert "more group" not in shown(report(verdict(status="crashed")))


def following(text: str) -> dict[str, str]:
    """What is said to be done next, and by what, its lines joined as a shell joins them."""
    told, what = {"": ""}, ""
    for line in text.partition("\nNext:\n")[2].splitlines():
        if line.startswith("    "):
            told[what] = " ".join((told[what] + " " + line.removesuffix("\\")).split())
        else:
            told[what := line.strip(" :")] = ""
    return {what: command for what, command in told.items() if what}


READ, GO_ON = {"read the whole report": "open RUN_DIR/report.html"}, "convarith run --resume --out RUN_DIR"
SEE = {"see all that is not as expected": f'convarith query RUN_DIR "{" ".join(QUERY.split())}"'}
AGAIN = "convarith run --case conv1d.i5.k3.s2.p1.d1 -f torch --route torch.nn.functional --mode eager"
THEIRS = {"observe the smallest of them again": AGAIN}
OURS = {"report this, a fault of convarith's own": AGAIN}
FAILED = Environment("jax", "/env/python", failure="died")


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize(
    ("statuses", "fields", "what"),
    [
        (["agrees"], {}, READ),
        (["agrees", "crashed"], {}, READ | SEE | THEIRS),
        (["harness_error"], {}, READ | SEE | OURS),
        (["rejected", "harness_error"], {}, READ | SEE | THEIRS | OURS),
        (["agrees"], {"complete": False}, {"go on with it": GO_ON} | READ),
        (
            ["agrees", "crashed"],
            {"complete": False, "environments": (FAILED,)},
            {"when what failed is mended, go on with it": GO_ON} | READ | SEE | THEIRS,
        ),
        ([], {}, {"see what a grid holds": "convarith list --count"} | READ),
    ],
)
def test_it_says_what_to_do_next_however_it_ended(
    verdict: Callable[..., Verdict],
    report: Callable[..., Report],
    statuses: list[str],
    fields: dict[str, Any],
    what: dict[str, str],
    width: int,
) -> None:
    text = shown(report(*(verdict(status=status) for status in statuses), **fields), width)
    assert list(following(text).items()) == list(what.items())
    assert max(map(cell_len, text.splitlines())) <= width


def test_what_to_do_next_names_the_run_as_a_shell_takes_it(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    text = shown(report(verdict(status="crashed")), folder="my runs/\x1b[31m1")
    assert "open my runs/1/report.html" in text
    assert "convarith query 'my runs/1' \"SELECT" in text


@pytest.mark.parametrize("width", [50, 60, 80])
def test_long_names_are_whole_where_they_are_to_be_copied(
    verdict: Callable[..., Verdict], report: Callable[..., Report], width: int
) -> None:
    route = "package.of_many_parts.layers_with_and_without_state.functional_and_stateful.convolution"
    case_id = "conv_transpose3d.i11x12x13.k3x2x1.s2x1x3.p1_2x0x0.d1x1x1.a1x0x2.c12to24.g4.bias.channels_last"
    told = replace(made("torch", 2, 36), example=case_id, routes=(route,), diagnosis="taps are shifted " * 9)
    surface = Surface("torch", route, "eager")
    text = shown(report(verdict(case_id=case_id, surface=surface, status="rejected"), **settled(told)), width)
    again = following(text)["observe the smallest of them again"]
    assert again == f"convarith run --case {case_id} -f torch --route {route} --mode eager"
    for line in text.splitlines():
        assert cell_len(line) <= width or line.removesuffix(" \\").split() in ([case_id], [route]), line
    assert text.count(case_id) == 2


def test_what_goes_on_in_another_line_begins_below_itself(
    verdict: Callable[..., Verdict], report: Callable[..., Report]
) -> None:
    told = replace(made("torch", 2, 36), words=tuple(f"every k = {n}" for n in range(9)), depends="only if " * 9)
    lines = shown(report(verdict(status="rejected"), **settled(told)), 60).splitlines()
    start = lines.index("torch")
    end = lines.index("", start)
    depths = [len(line) - len(line.lstrip()) for line in lines[start:end]]
    assert depths == [0, 2, 2, 4, 4, 4, 4]
    assert not any(line.endswith(" ") for line in lines[start:end])


def test_the_cells_of_a_column_end_below_each_other(
    verdict: Callable[..., Verdict], report: Callable[..., Report], surfaces: tuple[Surface, ...]
) -> None:
    some = [verdict(surface=one) for one in surfaces for _ in range(123)]
    text = shown(report(*some, verdict(surface=surfaces[0], status="crashed", relationships=("R6",)))).partition(
        "────"
    )[2]
    ends = [
        [cell.end() for cell in re.finditer(r"(\S+ of )?\S+(?=  |$)", row(text, name))][-3:] for name in ("R6", "R15")
    ]
    assert ends[0] == ends[1] == [found.end() for found in re.finditer(r"(\S+ of )?\d+(?=  |$)", row(text, "total"))]


def test_environments_show_their_versions_and_failures(report: Callable[..., Report]) -> None:
    broken = Environment("jax", "/env/jax/python", failure="died of SIGSEGV")
    text = shown(report(environments=(Environment("torch", "/env/python", {"torch": "2.13.0"}), broken)))
    assert row(text, "torch").split() == ["torch", "torch", "2.13.0"]
    assert row(text, "jax").split() == ["jax", "failed:", "died", "of", "SIGSEGV", "(in", "/env/jax/python)"]


def test_hostile_text_shows_as_itself(hostile_report: Report) -> None:
    text = shown(hostile_report)
    text.encode()
    assert "[red]x[/red]" in text
    assert not set(text) & {*map(chr, range(10)), "\x0b", *map(chr, range(14, 32)), "\x9b", "\u202e", "\ud800"}
    assert max(map(cell_len, text.partition("\nNext:")[0].splitlines())) <= 80  # below it are words to be copied


def test_the_order_of_the_verdicts_does_not_matter(shuffled: list[tuple[Report, Report]]) -> None:
    for one, other in shuffled:
        assert shown(other) == shown(one)
