"""``convarith explain``: what a layer pads, in theory and on every route, and what else is said for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cases.case import Padding
from harness.commands.printing import as_json, write
from harness.commands.surfaces import Places, SurfaceSelection
from harness.errors import AS_EXPECTED, EnvironmentFailed, UsageError
from harness.frameworks import registry
from harness.investigate import question as asking
from harness.investigate.answer import answer
from harness.investigate.drawn import drawn
from harness.investigate.page import page
from harness.investigate.question import Parameters, Question, ends, sizes
from harness.investigate.telling import told

_SURFACES = SurfaceSelection()


def explain(
    what: str | None = None,
    /,
    *,
    layer: str | None = None,
    input: Annotated[str | None, Parameter(alias="--i")] = None,
    k: str | None = None,
    s: str = "1",
    p: str | None = None,
    d: str = "1",
    a: str = "0",
    padding: Padding = "explicit",
    channels: str | None = None,
    groups: int = 1,
    ceil: Annotated[bool, Parameter(negative=())] = False,
    nopad: Annotated[bool, Parameter(negative=())] = False,
    functions: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    svg: Path | None = None,
    html: Path | None = None,
    surfaces: SurfaceSelection = _SURFACES,
) -> int:
    """Say what a layer pads or crops, in theory and as every route really computes it, and what says the same.

    Parameters
    ----------
    what
        A layer in the guide's letters ('conv', 'conv_transpose', 'avg_pool', 'max_pool', with the options below), the
        id of a case, or the name of a figure of the guide.
    layer
        The layer as it is written: "torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)". It is read, never run.
    input
        Size of the input along each axis: 32x32. The smallest that shows everything, if left out.
    k
        Size of the kernel or window; needed too where a written function takes it from an array.
    s
        Stride along each axis, or one for all.
    p
        Padding: 1, 1x0, or 0_1x2 where the two ends differ; of a transposed convolution the associated convolution's.
    d
        Dilation rate.
    a
        Of a transposed convolution: the guide's a, output padding.
    padding
        Padding by name.
    channels
        Input and output feature maps, 3x8, where a written function takes them from an array.
    groups
        Groups of feature maps.
    ceil
        Of a pooling: round up.
    nopad
        Of an average pooling: the divisor does not count the padding.
    functions
        List what can be read with --layer.
    json
        All of it as JSON.
    svg
        File for a picture: the layer as the guide draws it, with what every route pads or crops.
    html
        File for all of it as a page, which needs no network.
    """
    if functions:
        known = sorted(registry.functions().functions.items())
        sys.stdout.write("".join(f"{name}({found[1].signature})\n" for name, found in known))
        return AS_EXPECTED
    maps = sizes(channels, "--channels")
    pair = None if maps is None else (maps[0], maps[-1])
    question: Question | None = None
    if (what is None) == (layer is None):
        raise UsageError('say one layer: its letters or id, or --layer "torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)"')
    if layer is not None:
        question = asking.of_layer(layer, sizes(input, "--input", 0), sizes(k, "--k"), pair)
    elif what is not None:
        question = asking.of_case(what)
    if question is None:
        assert what is not None
        question = asking.of_parameters(
            Parameters(
                op=what,
                i=sizes(input, "--i", 0),
                k=sizes(k, "--k"),
                s=sizes(s, "--s") or (1,),
                d=sizes(d, "--d") or (1,),
                a=sizes(a, "--a", 0) or (0,),
                p=ends(p),
                padding=padding,
                groups=groups,
                channels=pair or (groups, groups),
                ceil_mode=ceil,
                count_include_pad=not nopad,
            )
        )
    found = answer(question, _places(surfaces))
    if svg is not None:
        write(drawn(found), svg)
    if html is not None:
        write(page(found), html)
    sys.stdout.write(as_json(found) if json else told(found))
    return AS_EXPECTED


def _places(surfaces: SurfaceSelection) -> Places:
    """Where to observe: in processes without a switch, and what several frameworks share at the first of them."""
    found = Places()
    try:
        every = surfaces.places()
    except EnvironmentFailed:
        if surfaces.framework:
            raise
        return found  # nothing is installed: the theory answers all the same
    found.held = every.held
    known: set[str] = set()
    for place, ways in every:
        package = registry.load(place.reference).package
        if place.switch or (not surfaces.framework and package in known):
            continue
        known.add(package)
        found.append((place, ways))
    return found
