"""What a diagnosis is: causes, each in words, the parameters that were found, and two small matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from harness.diagnose.geometry import Sweep

Kind = Literal[
    # where windows land
    "padding",
    "stride",
    "dilation",
    "axes_exchanged",
    "rounded_up",
    "rounded_down",
    "missing_outputs",
    "extra_outputs",
    "output_padding",
    "border",
    # which tap is which
    "flip",
    "kernel_order",
    "maps_permuted",
    "maps_ignored",
    "groups",
    "scale",
    "taps",
    "rounded_taps",
    "remembered_kernel",
    # what is made of the sum
    "divisor",
    "reciprocal",
    "padding_value",
    "empty_maximum",
    "gradient_place",
    "bias",
    "offset",
    "clipped",
    "not_added",
    "rounded_inputs",
    "rounding",
    # what nobody wrote, read or cleared
    "unwritten",
    "unread",
    "stray",
    "accumulated",
    "displaced",
    "batch",
    # a shape alone
    "shape",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that a layer does otherwise than it should.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    words : str
        What it is, with numbers: 'pads (0, 1); p = 1 says (1, 1): every tap sits one input later'.
    weight : int
        How many things it says at once: the number of taps, or of outputs, if these are told one by one.
    """

    kind: Kind
    words: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why an observation differs from what is expected.

    Attributes
    ----------
    causes : tuple of Cause
        The smallest set that explains every entry; empty where there is no explanation.
    perhaps : tuple of Cause
        Where there is no explanation, because two or three would each be one: these.
    axes : tuple of Sweep or None
        The parameters along each axis that were read off; None where none could be, or nothing was to be read.
    sentence : str
        The causes in words, or that there is no explanation, with the evidence.
    expected, observed : str
        The two operators, of one pair of feature maps and along one axis, as small matrices; empty where there is none.
    """

    causes: tuple[Cause, ...]
    sentence: str
    axes: tuple[Sweep, ...] | None = None
    expected: str = ""
    observed: str = ""
    perhaps: tuple[Cause, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """The causes' kinds."""
        return frozenset(cause.kind for cause in self.causes)

    @property
    def explained(self) -> bool:
        """Whether every entry is explained."""
        return bool(self.causes)

    def __str__(self) -> str:
        if not self.expected:
            return self.sentence
        return f"{self.sentence}\n\nexpected\n{self.expected}\n\nobserved\n{self.observed}"
