"""docs/padding.md: it is what is generated now, and its closed forms, as they are printed, are the theory's numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cases import generate, grid
from cases.case import Axis, Case
from cases.conventions import numbers
from harness.__main__ import main
from harness.frameworks import registry
from harness.frameworks.base import Spelling
from harness.investigate.forms import Form, Written, form_of, written
from harness.investigate.padding import ends_of
from harness.investigate.padding_page import EXAMPLES, page

Array = NDArray[Any]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "padding.md").read_text("utf-8")


def test_the_page_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "--padding"]) == 0
    assert capsys.readouterr().out == PAGE
    assert page() == PAGE


def test_a_case_beside_it_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "--padding", "--case", "padding_strides"]) == 2
    assert "leave out --case" in capsys.readouterr().err


def top_level(text: str, at: str) -> list[int]:
    """Where a character stands outside of brackets."""
    depth, found = 0, []
    for number, letter in enumerate(text):
        depth += (letter in "(⌊⌈") - (letter in ")⌋⌉")
        if not depth and letter == at:
            found.append(number)
    return found


def python(text: str) -> str:
    """A formula of the page as Python."""
    for ours, theirs in (
        *(("⌊", "floor("), ("⌋", ")"), ("⌈", "ceil("), ("⌉", ")"), ("·", "*"), (" mod ", " % ")),
        *(("k̂", "k_hat"), ("i'", "i"), ("o'", "o"), ("the output padding", "more"), ("the rest of w", "w - first")),
    ):
        text = text.replace(ours, theirs)
    text = re.sub(r"\bs\(", "s*(", text)
    return re.sub(r"\)s\b", ")*s", text)


def evaluated(form: Form, x: Axis, said: Written) -> tuple[int, int]:
    """The pair that a closed form says as it is printed, its letters standing for what they are said to be."""
    end = top_level(form.text, ")")[0]
    (comma,) = top_level(form.text[1:end], ",")
    pair = form.text[1 : comma + 1], form.text[comma + 2 : end]
    names: dict[str, object] = {"floor": math.floor, "ceil": math.ceil, "max": max, "i": x.i, "k": x.k, "s": x.s}
    names |= {"k_hat": x.k_hat, "o": said.o, "more": said.more, "a": said.more or 0}
    if said.pads is not None:
        before, after = said.pads
        names |= {"p": before, "p_before": before, "p_after": after, "q_before": before, "q_after": after}
    (total,) = re.findall(r"\*\*t = (.*)\*\* units in all", PAGE)
    names["t"] = eval(python(total), dict(names))
    rest = form.text[end + 1 :]
    places = [*top_level(rest, ","), *top_level(rest, ":"), *top_level(rest, ";"), len(rest)]
    clauses = [rest[one + 1 : other].strip().removeprefix("where ") for one, other in pairwise(sorted({0, *places}))]
    for clause in reversed(clauses):  # what is explained last is needed first
        name, equals, value = clause.partition(" = ")
        if equals and name in ("u", "w", "o'"):
            names[python(name)] = eval(python(value), dict(names))
    first = eval(python(pair[0]), dict(names))
    return first, eval(python(pair[1]), {**names, "first": first})


def dilated() -> Iterator[Case]:
    """Layers along one axis of which k, k̂ and s stand in every order."""
    for i, k, s, d, a in product((2, 3), (1, 2, 3), (1, 2, 3, 4), (1, 3), (0, 1)):
        for padding in ("valid", "same"):
            for op, more in (("conv", 0), ("conv_transpose", a)):
                axis = numbers(op, padding, Axis(i, k, s, d=d, a=more))  # type: ignore[arg-type]  # names of ours
                if axis is not None:
                    yield Case(op=op, axes=(axis,), padding=padding)  # type: ignore[arg-type]


@pytest.mark.slow
def test_every_closed_form_is_the_theorys_for_every_route() -> None:
    layers = {case for case in generate.cases(grid.load("smoke")) if case.rank <= 3}
    layers |= {example.case for _, examples in EXAMPLES for example in examples}
    layers |= set(dilated())
    kinds = {package: registry.load(registry.BUILT_IN[name]) for package, name in registry.packages().items()}
    seen: dict[str, int] = {}
    for case in layers:
        for package, kind in kinds.items():
            for route, what in kind.routes.items():
                said = kind.say(case, route) if case.op in what.ops else None
                if not isinstance(said, Spelling):
                    continue
                form = form_of(case, said)
                for axis, (x, ends) in enumerate(zip(case.axes, ends_of(case), strict=True)):
                    told = written(case, said, axis)
                    where = f"{package} {route} {case.id}: {said.call}"
                    assert form.ends(x, told) == ends, where
                    assert evaluated(form, x, told) == ends, where
                seen[form.text] = seen.get(form.text, 0) + 1
    assert {form for form in seen if f"| {form} |" not in PAGE} == set()
    assert min(seen.values()) >= 2, seen
    assert len(seen) > 12


def test_examples_have_what_their_titles_say() -> None:
    for _, examples in EXAMPLES:
        for example in examples:
            case: Case = example.case
            assert ("depthwise" in example.title) == (case.groups > 1)
            assert ("numbers" in example.title or "ceil" in example.title) == (case.padding == "explicit")


@pytest.mark.frameworks
def test_padding_that_is_not_of_zeros_is_as_wide_as_the_page_says() -> None:
    import jax
    import torch
    from flax import nnx

    x = np.arange(1.0, 8.0, dtype=np.float32)
    for k, d, s in ((3, 1, 1), (4, 1, 2), (3, 2, 1), (2, 2, 2)):
        k_hat = (k - 1) * d + 1
        kernel = np.arange(1.0, k + 1.0, dtype=np.float32)
        for name, mode in (("CIRCULAR", "wrap"), ("REFLECT", "reflect")):
            layer = nnx.Conv(1, 1, (k,), s, padding=name, kernel_dilation=d, use_bias=False, rngs=nnx.Rngs(0))
            layer.kernel = nnx.Param(jax.numpy.asarray(kernel.reshape(k, 1, 1)))
            got = np.asarray(layer(jax.numpy.asarray(x.reshape(1, -1, 1)))).reshape(-1)
            assert got.tolist() == slid(padded(x, (k_hat - 1) // 2, k_hat // 2, mode), kernel, s, d), (k, d, s)
        for name, mode in (("circular", "wrap"), ("reflect", "reflect"), ("replicate", "edge")):
            module = torch.nn.Conv1d(1, 1, k, s, padding=2, dilation=d, bias=False, padding_mode=name)
            module.weight.data = torch.from_numpy(kernel.reshape(1, 1, k))
            got = module(torch.from_numpy(x.reshape(1, 1, -1))).detach().numpy().reshape(-1)
            assert got.tolist() == slid(padded(x, 2, 2, mode), kernel, s, d), (k, d, s)


def padded(x: Array, before: int, after: int, mode: Any) -> Array:
    return np.pad(x, (before, after), mode=mode)


def slid(x: Array, kernel: Array, s: int, d: int) -> list[float]:
    reach = (len(kernel) - 1) * d + 1
    return [float(x[begin : begin + reach : d] @ kernel) for begin in range(0, len(x) - reach + 1, s)]
