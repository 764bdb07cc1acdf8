"""The page's own arithmetic against the theory, over the grid that pull requests run."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest

from cases.case import Axis, Case, parse
from harness.operator import Operator
from harness.theory.expected import expected
from harness.theory.matrix import structure

pytestmark = pytest.mark.slow

ASPECTS = ("forward", "adjoint", "bias", "dense")
SUMS = """
const table = Array.from({length: 256}, (_, n) => {
  for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});
function checksum(numbers, sum) {
  sum = ~sum;
  for (const byte of new Uint8Array(Float64Array.from(numbers).buffer)) sum = table[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}
const summed = (m) => m && [m.rows, m.columns, m.index.length, checksum(m.value, checksum(m.index, 0))];
"""


@pytest.fixture(scope="module")
def arithmetic(functions: Callable[..., Any]) -> Callable[..., Any]:
    """Runs a function of the page's modules, or one that sums a matrix up."""
    functions(f"() => {{ {SUMS} window.summed = summed; }}")
    return functions


def summed(operator: Operator | None) -> list[int] | None:
    if operator is None:
        return None
    sum_ = zlib.crc32(operator.values.astype("<f8").tobytes(), zlib.crc32(operator.indices.astype("<f8").tobytes()))
    return [operator.rows, operator.columns, operator.indices.size, sum_]


ALL = """(names, aspects) => {
  window.sums = (async () => {
    const told = [];
    for (const name of names) {
      told.push(aspects.map((aspect) => summed(expectedOf(parseCase(name), aspect))));
      if (told.length % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    return told;
  })();
}"""


def test_operators_are_the_theorys_entry_by_entry(arithmetic: Callable[..., Any], every_case: tuple[Case, ...]) -> None:
    names = [case.id for case in every_case]
    assert len(names) > 2500
    arithmetic(ALL, names, ASPECTS)  # the browser works while we do
    theory = map(expected, every_case)
    wanted = [
        [summed(getattr(one, "operator" if aspect == "forward" else aspect)) for aspect in ASPECTS] for one in theory
    ]
    told = arithmetic("() => window.sums")
    assert len(told) == len(names)
    for name, found, right in zip(names, told, wanted, strict=True):
        assert found == right, name


def observed(case: Case) -> tuple[dict[str, object], list[int]]:
    """The matrix of a case as a framework would show it, and its output sizes."""
    operator = expected(case).operator
    told = {
        "rows": operator.rows,
        "columns": operator.columns,
        "index": operator.indices.tolist(),
        "value": operator.values.tolist(),
    }
    return told, list(structure(case).output[1:])


READ = "(name, seen, sizes) => paddingApplied(parseCase(name), readable(parseCase(name), seen), sizes)"


@pytest.mark.parametrize(
    ("claimed", "applied"),
    [
        # What one sees whose model was ported from SAME to p = 1, or the other way round.
        ("conv2d.i6x5.k3x3.s2x2.p1x1.d1x1.c2to3", "conv2d.i6x5.k3x3.s2x2.p0_1x1.d1x1.c2to3"),
        ("conv1d.i11.k7.s2.p3.d1", "conv1d.i11.k7.s2.p2_3.d1"),
        ("conv1d.i5.k2.s1.same.p1_2.d3", "conv1d.i5.k2.s1.p2_1.d3"),
        ("conv1d.i5.k2.s1.p1.d1", "conv1d.i5.k2.s1.p0.d1"),
        ("avg_pool1d.i6.k3.s2.p1.d1", "avg_pool1d.i6.k3.s2.p0_1.d1"),
        ("max_pool2d.i6x7.k3x2.s2x1.p1x0.d1x1.c2", "max_pool2d.i6x7.k3x2.s2x1.p0_1x0.d1x1.c2"),
        ("conv_transpose1d.i3.k5.s2.p2.d1.a1", "conv_transpose1d.i3.k5.s2.p1_2.d1.a0"),
        (
            "conv_transpose2d.i3x3.k9x3.s4x2.p4x1.d1x1.a3x1.c2to1",
            "conv_transpose2d.i3x3.k9x3.s4x2.p2_3x1.d1x1.a0x1.c2to1",
        ),
    ],
)
def test_padding_is_read_off_the_operator(arithmetic: Callable[..., Any], claimed: str, applied: str) -> None:
    other = parse(applied)
    found = arithmetic(READ, claimed, *observed(other))
    assert found is not None
    assert [end["before"] for end in found] == list(other.each("p_before"))
    assert [end["after"] for end in found] == [axis.p_after - axis.a for axis in other.axes]
    assert arithmetic("(name) => paddingSaid(parseCase(name))", applied) == found


def test_what_no_padding_explains_is_told_to_nobody(arithmetic: Callable[..., Any]) -> None:
    seen, sizes = observed(parse("conv1d.i6.k3.s2.p1.d1"))
    assert arithmetic(READ, "conv1d.i6.k3.s2.p1.d1", seen, sizes) == [{"before": 1, "after": 1}]
    seen["value"] = [4 - value for value in seen["value"]]  # type: ignore[attr-defined]
    assert arithmetic(READ, "conv1d.i6.k3.s2.p1.d1", seen, sizes) is None
    assert arithmetic(READ, "conv1d.i6.k3.s2.p1.d2", *observed(parse("conv1d.i6.k3.s2.p1.d1"))) is None


@pytest.mark.parametrize("name", ["conv2d.i6x7.k3x2.s2x3.p1x0.d1x2.c2to3", "conv1d.i5.k3.s2.p0_1.d1.g2.c2to4"])
def test_the_other_side_is_the_transpose(arithmetic: Callable[..., Any], name: str) -> None:
    function = """(name) => {
      const layer = parseCase(name);
      const other = otherSide(layer, outputSizes(layer));
      const c = structure(other), back = structure(otherSide(other, outputSizes(other)));
      return [c.output, c.index, c.tap, back.index];
    }"""
    output, index, tap, back = arithmetic(function, name.replace(".g2.c2to4", ".c2to4.g2"))
    case = parse(name.replace(".g2.c2to4", ".c2to4.g2"))
    c = structure(case)
    assert output == [case.channels_in, *case.each("i")]
    turned = sorted(
        (int(at) % c.columns * c.rows + int(at) // c.columns, int(t)) for at, t in zip(c.indices, c.taps, strict=True)
    )
    assert list(zip(index, tap, strict=True)) == turned
    assert back == c.indices.tolist()


def test_axes_read_back(arithmetic: Callable[..., Any]) -> None:
    case = Case(
        op="avg_pool", axes=(Axis(5, 2, 2, 0, 1), Axis(7, 3)), channels_in=2, channels_out=2, divisor=3, dtype="float64"
    )
    told = arithmetic("(name) => parseCase(name)", case.id)
    assert [axis["after"] for axis in told["axes"]] == [1, 0]
    assert (told["divisor"], told["dtype"], told["channelsOut"], told["countPadding"]) == (3, "float64", 2, True)
    for text in ("", "<script>", "conv2d.i1.k1x1.s1x1.p0x0.d1x1", "conv1d.i5.k3.s1.p0.d1.weird"):
        assert arithmetic("(name) => parseCase(name)", text) is None
