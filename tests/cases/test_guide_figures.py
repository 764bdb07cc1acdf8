"""The figures of the guide, pinned by hand: what is claimed of each, and the size it shows."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cases.case import Axis, Case
from cases.claims import BY_ID, claims


@dataclass(frozen=True)
class Figure:
    """One figure: two square axes with these parameters, and what the guide says of them.

    ``first`` is the relationship of the section that the figure belongs to; ``also`` those that contain it, and at the
    end the conventions that do: every transposed convolution with its padding in numbers is one of X18.
    """

    name: str
    axis: Axis
    o: int
    first: str
    also: str
    transposed: bool = False

    @property
    def case(self) -> Case:
        return Case(op="conv_transpose" if self.transposed else "conv", axes=(self.axis, self.axis))


FIGURES = [
    Figure("no_padding_no_strides", Axis(4, 3, 1, 0, 0), 2, "R1", "R2 R5 R6 R15"),
    Figure("arbitrary_padding_no_strides", Axis(5, 4, 1, 2, 2), 6, "R2", "R6 R15"),
    Figure("same_padding_no_strides", Axis(5, 3, 1, 1, 1), 5, "R3", "R2 R6 R15"),
    Figure("full_padding_no_strides", Axis(5, 3, 1, 2, 2), 7, "R4", "R2 R6 R15"),
    Figure("no_padding_strides", Axis(5, 3, 2, 0, 0), 2, "R5", "R6 R15"),
    Figure("padding_strides", Axis(5, 3, 2, 1, 1), 3, "R6", "R15"),
    Figure("padding_strides_odd", Axis(6, 3, 2, 1, 1), 3, "R6", "R15"),
    Figure("dilation", Axis(7, 3, 1, 0, 0, d=2), 3, "R15", ""),
    # Transposed, i' is the size that the figure of the convolution shows as o, and o' its i.
    Figure("no_padding_no_strides_transposed", Axis(2, 3, 1, 0, 0), 4, "R8", "R9 R12 R13 R14 X18", True),
    Figure("arbitrary_padding_no_strides_transposed", Axis(6, 4, 1, 2, 2), 5, "R9", "R13 R14 X18", True),
    Figure("same_padding_no_strides_transposed", Axis(5, 3, 1, 1, 1), 5, "R10", "R9 R13 R14 X18", True),
    Figure("full_padding_no_strides_transposed", Axis(7, 3, 1, 2, 2), 5, "R11", "R9 R13 R14 X18", True),
    Figure("no_padding_strides_transposed", Axis(2, 3, 2, 0, 0), 5, "R12", "R13 R14 X18", True),
    Figure("padding_strides_transposed", Axis(3, 3, 2, 1, 1), 5, "R13", "R14 X18", True),
    Figure("padding_strides_odd_transposed", Axis(3, 3, 2, 1, 1, a=1), 6, "R14", "X18", True),
]

each_figure = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)


@each_figure
def test_a_figure_is_claimed_by_its_section_and_by_what_contains_it(figure: Figure) -> None:
    claimed = claims(figure.case)
    assert set(claimed) == {figure.first, *figure.also.split()}
    assert len(claimed) == len(set(claimed))


@each_figure
def test_conventions_come_after_the_guides_relationships(figure: Figure) -> None:
    kinds = [name[0] for name in claims(figure.case)]
    assert kinds == sorted(kinds)


@each_figure
def test_every_claim_about_a_figure_is_the_size_that_it_shows(figure: Figure) -> None:
    for name in [figure.first, *figure.also.split()]:
        assert BY_ID[name].size(figure.case) == (figure.o, figure.o), f"{name} of {figure.name}"


@each_figure
def test_the_first_claim_about_a_figure_is_the_most_particular_one(figure: Figure) -> None:
    assert claims(figure.case)[0] == figure.first


@pytest.mark.parametrize("op", ["avg_pool", "max_pool"])
def test_the_numerical_figures_of_pooling_are_claimed_by_r7_alone(op: str) -> None:
    axis = Axis(5, 3)
    case = Case(op="avg_pool" if op == "avg_pool" else "max_pool", axes=(axis, axis))
    assert claims(case) == ("R7",)
    assert BY_ID["R7"].size(case) == (3, 3)


def test_the_numerical_figures_of_convolution() -> None:
    """The 5 by 5 input with p = 0, s = 1, and with p = 1, s = 2."""
    plain, strided = Axis(5, 3), Axis(5, 3, 2, 1, 1)
    assert BY_ID["R1"].size(Case(op="conv", axes=(plain, plain))) == (3, 3)
    assert BY_ID["R6"].size(Case(op="conv", axes=(strided, strided))) == (3, 3)
