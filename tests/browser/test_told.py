"""What the page reads, filters, sorts, quotes and keeps in its address, by itself, against Python."""

from __future__ import annotations

import random
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest

from harness.operator import Operator
from harness.records import Observation, Surface, Verdict
from harness.report.payload import payload
from harness.report.summary import again

Functions = Callable[..., Any]
HOSTILE = 'it\'s $HOME `id` "x" <b> \\ ; &'
HERE = Surface("torch", "torch.nn", "eager")


@pytest.mark.parametrize(
    "state",
    [
        {"filters": {}, "sort": "", "open": "", "at": "", "probe": ""},
        {"filters": {"status": "unexpected", "case": HOSTILE}, "sort": "-case", "open": "", "at": "", "probe": ""},
        {"filters": {"观测": "é=&#%"}, "sort": "", "open": HOSTILE, "at": "a / b / c", "probe": "forward"},
    ],
)
def test_an_address_says_all_that_is_shown(functions: Functions, state: dict[str, Any]) -> None:
    address = functions("writeFragment", state)
    read = functions("readFragment", address)
    assert {**read, "filters": {name: value for name, value in read["filters"].items() if value}} == state
    wanted = {**state["filters"], **{name: state[name] for name in ("sort", "open", "at", "probe") if state[name]}}
    assert dict(parse_qsl(address.removeprefix("#"), keep_blank_values=True)) == (wanted or {"all": ""})


def test_an_address_of_a_heading_is_none_of_a_view(functions: Functions) -> None:
    assert functions("readFragment", "#matrix") is None
    assert functions("readFragment", "") == {"filters": {}, "sort": "", "open": "", "at": "", "probe": ""}


@pytest.fixture
def some() -> list[Verdict]:
    """Verdicts of all kinds, a few hundred."""
    draw = random.Random(3)
    surfaces = [HERE, Surface("jax", "jax.lax", "jit", "x64=on", "jax==0.4.30"), Surface("tf", HOSTILE, "eager")]
    found = []
    for number in range(300):
        status = draw.choice(("agrees", "agrees", "wrong_operator", "rejected", "unsupported", "harness_error"))
        wrong = status not in ("agrees", "unsupported")
        found.append(
            Verdict(
                case_id=f"conv1d.i{draw.randint(3, 120)}.k3.s{draw.randint(1, 2)}.p0.d1",
                surface=draw.choice(surfaces),
                aspect=draw.choice(("forward", "adjoint", "dense")),
                relationships=draw.choice((("R1", "R10"), ("R2",), ())),
                status=status,  # type: ignore[arg-type]
                expected="o = 3",
                observed=draw.choice(("o = 3", f"o = {number}", HOSTILE)),
                diagnosis=draw.choice(("kernel flipped", "pads (0, 1)", HOSTILE)) if wrong else "",
                depends="only in mode jit" if wrong and draw.random() < 0.5 else "",
                known="an-entry" if wrong and draw.random() < 0.3 else "",
            )
        )
    return found


ROWS = """async (packed) => {
  window.data = await unpacked(packed);
  return Array.from({ length: data.count }, (_, row) => ({
    ...Object.fromEntries(Object.entries(data.columns).map(([name, column]) => [name, textOf(column, row)])),
    depends: data.head.text[data.of.depends[row]], state: stateOf(data, row), operator: operatorOf(data, row),
  }));
}"""


def state(verdict: Verdict) -> str:
    if verdict.known:
        return "known"
    return {"agrees": "good", "unsupported": "none", "harness_error": "ours"}.get(verdict.status, "bad")


def test_the_page_reads_what_the_report_wrote(functions: Functions, some: list[Verdict]) -> None:
    told = functions(ROWS, payload(some).decode())
    assert len(told) == len(some)
    for row, one in zip(told, some, strict=True):
        assert row == {
            "case": one.case_id, "framework": one.surface.framework, "route": one.surface.route,
            "mode": one.surface.mode, "switch": one.surface.switch, "release": one.surface.release,
            "aspect": one.aspect, "status": one.status + (", known" if one.known else ""), "expected": one.expected,
            "observed": one.observed, "diagnosis": one.diagnosis, "depends": one.depends, "known": one.known,
            "relationship": " ".join(one.relationships) or "none", "state": state(one), "operator": None,
        }  # fmt: skip


def test_the_operators_that_differ_are_read_back(functions: Functions) -> None:
    dense = [np.array([[0, 2.0, 0], [3, 0, 0.5]]), np.array([[7.0]]), np.array([[0, 2.0, 0], [3, 0, 0.5]])]
    names = [f"conv1d.i{number}.k1.s1.p0.d1" for number in range(3)]
    evidence = [
        Observation(
            case_id=name, surface=HERE, probe="forward", outcome="returned", shape=(1, 1, len(one)),
            digest=Operator.of(one).digest, operator=Operator.of(one).to_json(),
        )
        for name, one in zip(names, dense, strict=True)
    ]  # fmt: skip
    verdicts = [
        Verdict(
            case_id=name, surface=HERE, aspect="forward", relationships=("R1",), status="wrong_operator",
            expected="o = 1", observed="o = 1",
        )
        for name in names
    ]  # fmt: skip
    told = functions(ROWS, payload(verdicts, evidence).decode())
    for row, one in zip(told, dense, strict=True):
        operator = Operator.of(one)
        assert row["operator"] == {
            "rows": operator.rows, "columns": operator.columns, "sizes": [len(one)],
            "index": operator.indices.tolist(), "value": operator.values.tolist(),
        }  # fmt: skip


QUERY = """async (packed, wishes, sort, descending) => {
  const data = await unpacked(packed);
  const rows = filtered(data.columns, data.count, wishes, EXACT);
  return [...(sort ? sorted(rows, data.columns[sort], descending) : rows)];
}"""


def natural(text: str) -> list[tuple[int, int, str]]:
    """A text as people sort it: numbers in it by their size, words without regard to capitals."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.casefold()) for part in parts if part]


@pytest.mark.parametrize(
    ("wishes", "keeps"),
    [
        ({}, lambda one: True),
        ({"status": "unexpected"}, lambda one: not one.as_expected),
        ({"status": "known"}, lambda one: bool(one.known)),
        ({"status": "rejected"}, lambda one: one.status == "rejected"),
        ({"relationship": "R1"}, lambda one: "R1" in one.relationships),
        ({"relationship": "none"}, lambda one: not one.relationships),
        ({"case": ".S2.", "framework": "jax"}, lambda one: ".s2." in one.case_id and one.surface.framework == "jax"),
        ({"framework": "ja"}, lambda one: False),
        ({"switch": "none"}, lambda one: not one.surface.switch),
        ({"release": "jax==0.4.30"}, lambda one: one.surface.release == "jax==0.4.30"),
        ({"observed": "it's $home"}, lambda one: one.observed == HOSTILE),
        ({"known": "an-entry", "aspect": "dense"}, lambda one: one.known == "an-entry" and one.aspect == "dense"),
    ],
    ids=lambda value: " ".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else "",
)
def test_filters_let_through_what_they_say(
    functions: Functions, some: list[Verdict], wishes: dict[str, str], keeps: Callable[[Verdict], bool]
) -> None:
    told = functions(QUERY, payload(some).decode(), wishes, "", False)
    assert told == [row for row, one in enumerate(some) if keeps(one)]
    assert told or wishes == {"framework": "ja"}


@pytest.mark.parametrize("descending", [False, True])
def test_rows_are_sorted_and_those_alike_stay_in_order(
    functions: Functions, some: list[Verdict], descending: bool
) -> None:
    def asked(name: str) -> list[int]:
        found: list[int] = functions(QUERY, payload(some).decode(), {}, name, descending)
        return found

    sign = -1 if descending else 1
    sizes = sorted({len(one.case_id) for one in some})
    by_case = sorted({one.case_id for one in some}, key=lambda name: (sizes.index(len(name)), natural(name)))
    assert asked("case") == sorted(range(len(some)), key=lambda row: sign * by_case.index(some[row].case_id))
    frameworks = sorted({one.surface.framework for one in some})
    wanted = sorted(range(len(some)), key=lambda row: sign * frameworks.index(some[row].surface.framework))
    assert asked("framework") == wanted


def test_a_command_of_the_page_is_that_of_the_other_reports(functions: Functions, some: list[Verdict]) -> None:
    script = """async (packed) => {
      const data = await unpacked(packed);
      return Array.from({ length: data.count }, (_, row) => commandOf(data, row));
    }"""
    for text, one in zip(functions(script, payload(some).decode()), some, strict=True):
        assert shlex.split(text) == again(one)


@pytest.mark.parametrize("word", ["plain", "", "a b", HOSTILE, "jax==0.4.30", "x=[1, 2]", "路徑", "a\nb", "~", "*"])
def test_a_shell_reads_a_quoted_word_as_it_was(functions: Functions, word: str) -> None:
    assert shlex.split(f"x {functions('quoted', word)}") == ["x", word]


def test_a_filter_offers_a_choice_where_there_are_few_values(functions: Functions, some: list[Verdict]) -> None:
    script = """async (packed) => {
      const data = await unpacked(packed);
      const told = [];
      const names = ["case", "framework", "aspect", "status", "switch"];
      const form = filterForm(data, names, (name, value) => told.push([name, value ?? null]));
      const fields = [...form.element.querySelectorAll("[name]")];
      const all = (told) => Object.fromEntries(fields.map((one) => [one.name, told(one)]));
      const offered = all((one) => (one.options ? [...one.options].map((option) => option.value) : null));
      form.show({ framework: "a value that a shared address has", aspect: "dense" });
      const shown = all((one) => [one.value, one.hasAttribute("data-set")]);
      fields[0].value = "k3"; fields[0].dispatchEvent(new Event("input"));
      fields[2].value = "forward"; fields[2].dispatchEvent(new Event("change"));
      form.element.querySelector("button").click();
      return { offered, shown, told, labels: form.element.querySelectorAll("label").length };
    }"""
    told = functions(script, payload(some).decode())
    assert told["offered"]["case"] is None
    assert told["offered"]["framework"] == ["", "jax", "tf", "torch"]
    assert told["offered"]["switch"] == ["", "none", "x64=on"]
    assert told["offered"]["status"][:2] == ["", "unexpected"]
    assert told["offered"]["status"][-1] == "known"
    assert told["shown"]["framework"] == ["a value that a shared address has", True]
    assert told["shown"]["aspect"] == ["dense", True]
    assert told["shown"]["switch"] == ["", False]
    assert told["told"] == [["case", "k3"], ["aspect", "forward"], [None, None]]
    assert told["labels"] == 5


def test_a_case_has_its_rows_and_a_surface_its_name(functions: Functions, some: list[Verdict]) -> None:
    some = [replace(one, case_id=f"conv1d.i{3 + number % 7}.k3.s1.p0.d1") for number, one in enumerate(some)]
    script = """async (packed, id) => {
      const data = await unpacked(packed);
      const names = data.head.surface.map((_, number) => surfaceName(data, number));
      return [rowsOfCase(data, id), rowsOfCase(data, "conv1d.i9.k9.s9.p9.d9"), names];
    }"""
    rows, none, names = functions(script, payload(some).decode(), some[0].case_id)
    assert rows == [row for row, one in enumerate(some) if one.case_id == some[0].case_id]
    assert none == []
    assert set(names) == {
        "torch / torch.nn / eager", "jax / jax==0.4.30 / jax.lax / jit / x64=on", f"tf / {HOSTILE} / eager",
    }  # fmt: skip
