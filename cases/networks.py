"""Networks worth pinning, as chains of layers whose sizes their papers print.

LeNet-5: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-based learning applied to document recognition*,
1998, figure 2. The paper connects each map of C3 to a subset of S2's; here it is connected to all, which is no matter
of sizes.

DCGAN: A. Radford, L. Metz and S. Chintala, *Unsupervised representation learning with deep convolutional generative
adversarial networks*, https://arxiv.org/abs/1511.06434, figure 1: the generator doubles 4×4 up to 64×64. Two forms
are in use: k = 4, s = 2, p = 1, and k = 5, s = 2 with padding 'same'. Feature maps are few here: sizes do not depend
on them.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.case import Axis, Case, Op, Padding
from cases.conventions import numbers


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network.

    Attributes
    ----------
    name : str
        As the paper calls it.
    case : Case
    maps, size : int
        The feature maps and the size along both axes that the paper prints for its output.
    """

    name: str
    case: Case
    maps: int
    size: int


def _square(op: Op, axis: Axis, channels: tuple[int, int], padding: Padding = "explicit") -> Case:
    said = axis if padding == "explicit" else numbers(op, padding, axis)
    assert said is not None
    return Case(op=op, axes=(said, said), padding=padding, channels_in=channels[0], channels_out=channels[1])


LENET5 = (
    Layer("C1", _square("conv", Axis(32, 5), (1, 6)), 6, 28),
    Layer("S2", _square("avg_pool", Axis(28, 2, 2), (6, 6)), 6, 14),
    Layer("C3", _square("conv", Axis(14, 5), (6, 16)), 16, 10),
    Layer("S4", _square("avg_pool", Axis(10, 2, 2), (16, 16)), 16, 5),
    Layer("C5", _square("conv", Axis(5, 5), (16, 120)), 120, 1),
)
DCGAN = tuple(
    Layer(f"{i}×{i}", _square("conv_transpose", Axis(i, 4, 2, 1, 1), (1, 1)), 1, 2 * i) for i in (4, 8, 16, 32)
)
DCGAN_SAME = tuple(
    Layer(f"{i}×{i}", _square("conv_transpose", Axis(i, 5, 2), (1, 1), "same"), 1, 2 * i) for i in (4, 8, 16, 32)
)

NETWORKS: dict[str, tuple[Layer, ...]] = {"lenet5": LENET5, "dcgan": DCGAN, "dcgan_same": DCGAN_SAME}
