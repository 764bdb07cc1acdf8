"""The case: one layer to build, in the guide's letters, with a readable id that says it whole.

Nothing here needs more than the standard library of Python 3.10: cases travel as ids to the processes that observe
them, where only NumPy and a framework are installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast, get_args

Op = Literal["conv", "conv_transpose", "avg_pool", "max_pool"]
Padding = Literal["explicit", "valid", "same", "same_lower", "causal"]
Dtype = Literal["float64", "float32", "float16", "bfloat16", "int32", "int8"]
Layout = Literal["default", "channels_first", "channels_last"]

OPS: tuple[Op, ...] = get_args(Op)
PADDINGS: tuple[Padding, ...] = get_args(Padding)
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, slots=True)
class Axis:
    """The parameters of one spatial axis.

    Attributes
    ----------
    i : int
        Size of the layer's own input: the guide's *i*, or its *i'* where the layer is a transposed convolution.
    k, s, d : int
        Kernel (or window) size, stride and dilation rate. Of a transposed convolution: those of the convolution
        that it is the transpose of.
    p_before, p_after : int
        Zeros added at each end; of a transposed convolution, those of the associated convolution. Where the
        padding is spelled by name, these are the zeros that the name is claimed to mean.
    a : int
        Units that the associated convolution leaves uncovered at its far end, (i + 2p - k) mod s; only of a
        transposed convolution, 0 elsewhere.

    Raises
    ------
    ValueError
        A size is out of its range.
    """

    i: int
    k: int
    s: int = 1
    p_before: int = 0
    p_after: int = 0
    d: int = 1
    a: int = 0

    def __post_init__(self) -> None:
        for letter, least in (("i", 0), ("k", 1), ("s", 1), ("p_before", 0), ("p_after", 0), ("d", 1), ("a", 0)):
            value = getattr(self, letter)
            if value < least:
                raise ValueError(f"{letter} = {value}: {letter} is at least {least}")

    @property
    def k_hat(self) -> int:
        """Effective kernel size k̂ = k + (k - 1)(d - 1): what a dilated kernel spans (guide, section 5.1)."""
        return self.k + (self.k - 1) * (self.d - 1)

    @property
    def p(self) -> int:
        """The padding *p* where both ends have the same.

        Raises
        ------
        ValueError
            The two ends differ.
        """
        if self.p_before != self.p_after:
            raise ValueError(f"the padding ({self.p_before}, {self.p_after}) is not one number p")
        return self.p_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One layer to build.

    Attributes
    ----------
    op : {'conv', 'conv_transpose', 'avg_pool', 'max_pool'}
    axes : tuple of Axis
        One for each spatial axis, outermost first.
    padding : {'explicit', 'valid', 'same', 'same_lower', 'causal'}
        How the padding is said to the framework: as numbers, or by a name that leaves the numbers to it.
    channels_in, channels_out : int
        Feature maps of the layer's own input and output; equal for pooling.
    groups : int
        Groups of feature maps that do not mix.
    batch : int or None
        Inputs in one call; None for all the inputs of a probe at once.
    bias : bool
        Whether a number is added to each output map.
    ceil_mode : bool
        Of a pooling: whether a last window may overhang the far end (X8).
    count_include_pad : bool
        Of an average pooling: whether padding counts in the divisor (X9).
    divisor : int or None
        Of an average pooling: a divisor in place of the window's size (X9).
    dtype, layout : str
        Element type; order of the axes in memory ('default': what the route takes when told nothing).
    """

    op: Op
    axes: tuple[Axis, ...]
    padding: Padding = "explicit"
    channels_in: int = 1
    channels_out: int = 1
    groups: int = 1
    batch: int | None = None
    bias: bool = False
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor: int | None = None
    dtype: Dtype = "float32"
    layout: Layout = "default"

    def __post_init__(self) -> None:
        if not 1 <= len(self.axes) <= 9:
            raise ValueError(f"a case has at least one spatial axis and at most nine, not {len(self.axes)}")
        if not self.transposed and any(axis.a for axis in self.axes):
            raise ValueError("a is of a transposed convolution alone; elsewhere it is 0")
        if self.groups < 1 or min(self.channels_in, self.channels_out) < 0:
            raise ValueError(
                f"channels {self.channels_in} and {self.channels_out}, groups {self.groups}: "
                "channels are at least 0, groups at least 1"
            )
        if self.pools and (self.channels_in != self.channels_out or self.groups != 1):
            raise ValueError("pooling has as many output as input channels, and no groups")
        if self.pools and self.bias:
            raise ValueError("pooling has no bias")
        if self.ceil_mode and not self.pools:
            raise ValueError("only pooling has a ceil mode")
        if self.op != "avg_pool" and not (self.count_include_pad and self.divisor is None):
            raise ValueError("only average pooling has a divisor")
        if self.op == "avg_pool" and not self.floating:
            raise ValueError("the average of integers is no matter of arithmetic alone: it is rounded")
        if self.divisor is not None and self.divisor < 1:
            raise ValueError(f"divisor = {self.divisor}: a divisor is at least 1")
        if self.batch is not None and self.batch < 0:
            raise ValueError(f"batch = {self.batch}: a batch is at least 0")
        if self.channels_in % self.groups or self.channels_out % self.groups:
            raise ValueError(
                f"groups = {self.groups} divides neither or only one of the channels, "
                f"{self.channels_in} and {self.channels_out}: it must divide both"
            )

    @property
    def rank(self) -> int:
        """Number of spatial axes, the guide's *N*."""
        return len(self.axes)

    @property
    def pools(self) -> bool:
        """Whether the layer is a pooling: it has no kernel, and does not mix feature maps."""
        return self.op in ("avg_pool", "max_pool")

    @property
    def transposed(self) -> bool:
        """Whether the layer is a transposed convolution."""
        return self.op == "conv_transpose"

    @property
    def floating(self) -> bool:
        """Whether the elements are floating-point numbers; others have no gradient."""
        return "float" in self.dtype

    @property
    def padded(self) -> bool:
        """Whether anything is padded."""
        return any(axis.p_before or axis.p_after for axis in self.axes)

    @property
    def square(self) -> bool:
        """Whether all axes have the same parameters."""
        return all(axis == self.axes[0] for axis in self.axes)

    def each(self, letter: str) -> tuple[int, ...]:
        """Values of one letter ('i', 'k', 's', 'p_before' …), one for each axis."""
        return tuple(getattr(axis, letter) for axis in self.axes)

    @property
    def id(self) -> str:
        """What the layer is, readable: ``conv2d.i5x6.k3x2.s2x1.p1x0.d1x1``; :func:`parse` reads it back."""
        parts = [f"{self.op}{len(self.axes)}d", *_axes_text(self.axes, self.padding, self.op == "conv_transpose")]
        if self.channels_in != 1 or self.channels_out != 1:
            parts.append(f"c{self.channels_in}" if self.pools else f"c{self.channels_in}to{self.channels_out}")
        if self.groups != 1:
            parts.append(f"g{self.groups}")
        if self.batch is not None:
            parts.append(f"batch{self.batch}")
        if self.bias:
            parts.append("bias")
        if self.ceil_mode:
            parts.append("ceil")
        if not self.count_include_pad:
            parts.append("nopad")
        if self.divisor is not None:
            parts.append(f"div{self.divisor}")
        if self.dtype != "float32":
            parts.append(self.dtype)
        if self.layout != "default":
            parts.append(self.layout)
        return ".".join(parts)

    def __str__(self) -> str:
        return self.id


@lru_cache(maxsize=4096)
def _axes_text(axes: tuple[Axis, ...], padding: Padding, transposed: bool) -> tuple[str, ...]:
    parts = [
        "i" + "x".join([str(axis.i) for axis in axes]),
        "k" + "x".join([str(axis.k) for axis in axes]),
        "s" + "x".join([str(axis.s) for axis in axes]),
        "p" + "x".join([_ends_text(axis) for axis in axes]),
        "d" + "x".join([str(axis.d) for axis in axes]),
    ]
    if padding != "explicit":
        parts.insert(3, padding)
    if transposed:
        parts.append("a" + "x".join([str(axis.a) for axis in axes]))
    return tuple(parts)


def _ends_text(axis: Axis) -> str:
    return str(axis.p_before) if axis.p_before == axis.p_after else f"{axis.p_before}_{axis.p_after}"


_HEAD = re.compile(rf"({'|'.join(sorted(OPS, key=len, reverse=True))})([1-9])d")
_LETTER = re.compile(r"([iksda])(\d+(?:x\d+)*)|(p)(\d+(?:_\d+)?(?:x\d+(?:_\d+)?)*)")
_CHANNELS = re.compile(r"c(\d+)(?:to(\d+))?")
_NUMBER = re.compile(r"(g|batch|div)(\d+)")
_NUMBERS = {"g": "groups", "batch": "batch", "div": "divisor"}
_FLAGS: dict[str, dict[str, bool]] = {
    "bias": {"bias": True},
    "ceil": {"ceil_mode": True},
    "nopad": {"count_include_pad": False},
}


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Case:
    """The case that an id says.

    Parameters
    ----------
    text : str
        As :attr:`Case.id` writes it.

    Raises
    ------
    ValueError
        The text is no id: the message names the part that cannot be read.
    """
    head, *parts = text.split(".")
    match = _HEAD.fullmatch(head)
    if match is None:
        raise ValueError(
            f"'{text}' is no case id: '{head}' names no operation; ids look like conv2d.i5x5.k3x3.s1x1.p0x0.d1x1"
        )
    op, rank = cast("Op", match[1]), int(match[2])
    letters: dict[str, tuple[str, ...]] = {}
    said: dict[str, Any] = {}
    for part in parts:
        letter, told = _told(part)
        if letter:
            if len(told) != rank:
                raise ValueError(f"'{text}' is no case id: '{part}' needs {rank} values, one an axis")
            letters[letter] = told
        elif told:
            said |= told
        else:
            raise ValueError(f"'{text}' is no case id: cannot read '{part}'")
    for letter in "ikspda" if op == "conv_transpose" else "ikspd":
        if letter not in letters:
            raise ValueError(f"'{text}' is no case id: '{letter}' is missing")
    each = (letters["i"], letters["k"], letters["s"], letters["p"], letters["d"], letters.get("a", ("0",) * rank))
    axes = tuple(_axis(values) for values in zip(*each, strict=True))
    case = Case(op=op, axes=axes, **said)
    if case.id != text:
        raise ValueError(f"'{text}' is no case id: what it says is written {case.id}")
    return case


@lru_cache(maxsize=4096)
def _told(part: str) -> tuple[str, Any]:
    """What a part of an id says: a letter and its values, or '' and fields of the case; ids are made of few parts."""
    if found := _LETTER.fullmatch(part):
        return found[1] or found[3], tuple((found[2] or found[4]).split("x"))
    if found := _CHANNELS.fullmatch(part):
        return "", {"channels_in": int(found[1]), "channels_out": int(found[2] or found[1])}
    if found := _NUMBER.fullmatch(part):
        return "", {_NUMBERS[found[1]]: int(found[2])}
    for field, names in (("padding", PADDINGS), ("dtype", DTYPES), ("layout", LAYOUTS)):
        if part in names:
            return "", {field: part}
    return "", _FLAGS.get(part, {})


@lru_cache(maxsize=4096)
def _axis(values: tuple[str, ...]) -> Axis:
    """An axis as an id says it, i, k, s, p, d and a: most cases are made of few axes."""
    i, k, s, p, d, a = values
    before, _, after = p.partition("_")
    return Axis(int(i), int(k), int(s), int(before), int(after or before), int(d), int(a))
