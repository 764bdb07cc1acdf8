"""What is asked about: a layer, the size of its input, and the smaller size at which it shows the same."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cases import figures
from cases.case import Case, Op, Padding, parse
from cases.layer import Ends, Layer, Sizes
from harness.errors import UsageError
from harness.frameworks import registry
from harness.frameworks.arguments import WrittenError
from harness.frameworks.written import read

OPS: dict[str, Op] = {
    "conv": "conv",
    "convolution": "conv",
    "conv_transpose": "conv_transpose",
    "transposed": "conv_transpose",
    "avg_pool": "avg_pool",
    "average": "avg_pool",
    "max_pool": "max_pool",
    "max": "max_pool",
}
_MOST = 4096  # elements of an input, and as many windows, that are observed as they are


@dataclass(frozen=True, slots=True)
class Question:
    """A layer that is asked about.

    Attributes
    ----------
    text : str
        As it was asked.
    layer : Layer
    sizes : tuple of int
        Of the input that it is asked about.
    shown : tuple of int
        The sizes at which it is looked at: smaller where the input is large, the same modulo the stride.
    chosen : bool
        Whether the sizes were chosen here, since none were given.
    framework, route : str
        What it is written for; empty where it is no framework's.
    """

    text: str
    layer: Layer
    sizes: Sizes
    shown: Sizes
    chosen: bool = False
    framework: str = ""
    route: str = ""

    @property
    def case(self) -> Case:
        """The case that is looked at: few feature maps, no bias, for axes do not care (S2, S9)."""
        return narrow(self.layer).at(self.shown)


def narrow(layer: Layer) -> Layer:
    """The layer with as few feature maps as have its structure: the padding is the same for all."""
    if layer.pools:
        return replace(layer, channels_in=1, channels_out=1, bias=False, dtype="float32")
    groups = min(layer.groups, 2)
    each_in = 1 if layer.groups in (1, layer.channels_in) else 2
    each_out = 1 if layer.groups == 1 else max(1, min(2, layer.channels_out // layer.groups))
    return replace(
        layer,
        channels_in=groups * each_in,
        channels_out=groups * each_out,
        groups=groups,
        bias=False,
        dtype="float32",
    )


def asked(layer: Layer, text: str, sizes: Sizes | None, framework: str = "", route: str = "") -> Question:
    """A question about a layer, at these sizes of its input or at the smallest that show it.

    Raises
    ------
    UsageError
        There is no such layer at these sizes, or nothing to compute.
    """
    chosen = sizes is None
    if sizes is None:
        sizes = layer.least
        if layer.size is not None:
            sizes = tuple(-(-o // s) for o, s in zip(layer.size, layer.s, strict=True))
    elif len(sizes) == 1:
        sizes = sizes * layer.rank
    try:
        case = layer.at(sizes)
    except ValueError as error:
        raise UsageError(f"{text}: {error}") from error
    o = size_of(case)
    if min(o) < 1:
        raise UsageError(
            f"{text}: there is nothing to compute, o = {by(o)} for an input of {by(sizes)}: ask with a larger --input"
        )
    large = math.prod(sizes) > _MOST or math.prod(o) > _MOST
    return Question(text, layer, sizes, layer.like(sizes) if large else sizes, chosen, framework, route)


def of_layer(text: str, sizes: Sizes | None, kernel: Sizes | None, channels: tuple[int, int] | None) -> Question:
    """A question about a layer as people write it.

    Raises
    ------
    UsageError
        It cannot be read; the message points at the place.
    """
    try:
        found = read(text, registry.functions(), kernel=kernel, channels=channels)
    except WrittenError as error:
        raise UsageError(str(error)) from error
    return asked(found.layer, found.text, sizes, found.framework, found.route)


def of_case(text: str) -> Question | None:
    """A question about a case by its id or a figure of the guide by its name; None where a text is neither.

    Raises
    ------
    UsageError
        It is an id, and cannot be read.
    """
    case = figures.CASES.get(text)
    if case is None:
        if "." not in text:
            return None
        try:
            case = parse(text)
        except ValueError as error:
            raise UsageError(str(error)) from error
    return asked(layer_of(case), text, case.each("i"))


def layer_of(case: Case) -> Layer:
    """The layer that a case is of. One that is padded by name in a way of its own is said in numbers."""
    named = case.padding != "explicit"
    return Layer(
        op=case.op,
        k=case.each("k"),
        s=case.each("s"),
        d=case.each("d"),
        padding=case.padding,
        p=() if named else tuple((axis.p_before, axis.p_after) for axis in case.axes),
        a=() if named else case.each("a"),
        rest=tuple(axis.a + axis.k_hat - axis.p_before - axis.p_after for axis in case.axes)
        if named and case.transposed
        else None,
        channels_in=case.channels_in,
        channels_out=case.channels_out,
        groups=case.groups,
        bias=case.bias,
        ceil_mode=case.ceil_mode,
        count_include_pad=case.count_include_pad,
        divisor=case.divisor,
        layout=case.layout,
    )


_OP = re.compile(r"(.+?)([1-9])d")  # conv2d, as ids have it
_PAIR = re.compile(r"(\d+)(?:_(\d+))?")


def sizes(text: str | None, name: str, least: int = 1) -> Sizes | None:
    """Numbers as people write sizes: '3', '3x5', '32,32'.

    Raises
    ------
    UsageError
        The text is none.
    """
    if text is None:
        return None
    parts = re.split(r"[x×,]", text.strip().strip("()").replace(" ", ""))
    if not all(part.isdecimal() for part in parts if part) or not any(parts):
        raise UsageError(f"{name} {text}: whole numbers are needed, one for each axis, as 3x5")
    found = tuple(int(part) for part in parts if part)
    if min(found) < least:
        raise UsageError(f"{name} {text}: {least} is the least")
    return found


def ends(text: str | None) -> tuple[Ends, ...]:
    """Padding as ids have it: '1', '1x0', '0_1x2' with before and after where they differ."""
    found = []
    for part in re.split(r"[x×,]", (text or "0").replace(" ", "")):
        match = _PAIR.fullmatch(part)
        if match is None:
            raise UsageError(f"--p {text}: numbers are needed, one for each axis, or before_after: 1x0, 0_1x2")
        found.append((int(match[1]), int(match[2] or match[1])))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A layer in the guide's letters, as options say it; one number stands for all axes."""

    op: str
    i: Sizes | None = None
    k: Sizes | None = None
    s: Sizes = (1,)
    d: Sizes = (1,)
    p: tuple[Ends, ...] = ((0, 0),)
    a: Sizes = (0,)
    padding: Padding = "explicit"
    groups: int = 1
    channels: tuple[int, int] = (1, 1)
    ceil_mode: bool = False
    count_include_pad: bool = True


def of_parameters(said: Parameters) -> Question:
    """A question about parameters.

    Raises
    ------
    UsageError
        They contradict each other.
    """
    with_rank = _OP.fullmatch(said.op)
    name, number = with_rank.groups() if with_rank else (said.op, "")
    if name not in OPS:
        raise UsageError(f"'{said.op}' is no layer: there are {', '.join(OPS)}, ids of cases and names of figures")
    op = OPS[name]
    if said.k is None:
        raise UsageError(f"{said.op}: --k is missing, the kernel's size along each axis, as --k 3x3")
    given: dict[str, Sequence[object]] = {
        "i": said.i or (),
        "k": said.k,
        "s": said.s,
        "d": said.d,
        "p": said.p,
        "a": said.a,
    }
    rank = int(number or 0) or max(len(values) for values in given.values())
    for letter, values in given.items():
        if len(values) not in (0, 1, rank):
            raise UsageError(
                f"--{letter} has {len(values)} numbers where others have {rank}: one, or one for each axis"
            )
    if said.padding != "explicit" and said.p != ((0, 0),):
        raise UsageError(f"--padding {said.padding} and --p contradict each other: give one of them")
    if said.a != (0,) and op != "conv_transpose":
        raise UsageError("--a is of a transposed convolution alone")

    def each(values: Sequence[object]) -> tuple:  # type: ignore[type-arg]
        return tuple(values) * (rank if len(values) == 1 else 1)

    named = said.padding != "explicit"
    try:
        layer = Layer(
            op=op,
            k=each(said.k),
            s=each(said.s),
            d=each(said.d),
            padding=said.padding,
            p=() if named else each(said.p),
            a=() if named or op != "conv_transpose" else each(said.a),
            channels_in=said.channels[0],
            channels_out=said.channels[1],
            groups=said.groups,
            ceil_mode=said.ceil_mode,
            count_include_pad=said.count_include_pad,
        )
    except ValueError as error:
        raise UsageError(f"{said.op}: {error}") from error
    words = [said.op, *(f"{letter} {by(values)}" for letter, values in given.items() if values and letter in "iks")]
    return asked(layer, " ".join(words), each(said.i) if said.i else None)


def size_of(case: Case) -> Sizes:
    """The output's size along each axis by placements alone; 0 where there is nothing to compute."""
    from harness.theory.matrix import output_size

    return tuple(output_size(case))


def by(numbers: Sequence[object]) -> str:
    """Numbers, one for each axis, in a few characters."""
    return "×".join(str(number) for number in numbers)
