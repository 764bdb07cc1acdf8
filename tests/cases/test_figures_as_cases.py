"""The figures are cases by name, their sizes are what is drawn, and the smoke grid holds every one of them."""

from __future__ import annotations

from dataclasses import replace

from cases import generate, grid
from cases.claims import BY_ID, claims
from cases.figures import CASES, FIGURES
from harness.theory.matrix import output_size


def test_the_size_drawn_is_the_size_claimed_and_that_of_the_operator() -> None:
    for figure in FIGURES:
        for name in claims(figure.case):
            assert BY_ID[name].size(figure.case) == (figure.o, figure.o), (figure.name, name)
        assert output_size(figure.case) == (figure.o, figure.o), figure.name


def test_the_transposed_figure_gives_back_the_size_of_the_input() -> None:
    for figure in FIGURES:
        if figure.transposed is not None:
            assert output_size(figure.transposed) == figure.case.each("i"), figure.name
    assert sum(figure.transposed is not None for figure in FIGURES) == 7


def test_the_smoke_grid_holds_every_figure() -> None:
    cases = [case for case in generate.cases(grid.load("smoke")) if case.groups == 1]
    held = {replace(case, channels_in=1, channels_out=1) for case in cases}
    assert [name for name, case in CASES.items() if case not in held] == []
