"""docs/atlas.md: for each pair of conventions the rule, what else there is, and its map."""

from __future__ import annotations

from collections import Counter

from harness.atlas.compared import compared, grid
from harness.atlas.pairs import PAIRS, Pair

HEAD = """# Atlas: when two conventions are the same layer

For each pair of conventions that people confuse: exactly when they give the same operator, and when the shape alone is
the same, which no check of shapes shows. Along one axis; a layer of several axes is the same where it is along each.

i is the input's size (of a transposed convolution its own input's), k the kernel's, s the stride, d the dilation,
k̂ = k + (k - 1)(d - 1) the effective kernel size, and **r = ((i - 1) mod s) + 1** how much of the input the last stride
has, 1 to s. SAME pads t = max(0, k̂ - r) zeros, ⌊t/2⌋ of them first.

Each rule is held against the operators of both conventions by a test, at every i up to 12, k up to 7, s up to 4 and d
up to 3, which has every remainder: it holds there in both directions, and the counts are of those points. A layer that
steps over its whole input, by a dilation d > i, is left out. What the conventions mean is claimed in
[claims.md](claims.md) and checked against the frameworks. This page and its maps are made by `convarith atlas`;
the maps are of d = 1.
"""


def page(folder: str) -> str:
    """The page, whose maps are in a folder beside it."""
    return HEAD + "".join(_section(pair, folder) for pair in PAIRS)


def _section(pair: Pair, folder: str) -> str:
    found = Counter(compared(pair, x) for x in grid(pair))
    counts = f"{found['operator']} of {found.total()} points, the same shape alone at {found['shape']}"
    return (
        f"\n## {pair.title}\n\n| | |\n|---|---|\n"
        f"| the same operator | {pair.rule} |\n| the same shape | {pair.shape} |\n| instead | {pair.cure} |\n"
        f"| on the grid | the same operator at {counts} |\n\n"
        f"![The same operator, the same shape, or neither, over i, k and s]({folder}/{pair.name}.svg)\n"
    )
