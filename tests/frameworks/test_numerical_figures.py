"""The guide's numerical figures with their exact numbers, in each framework and route.

The numbers that must come out are copied from the figures as the guide prints them (averages to one decimal).
"""

from __future__ import annotations

import pytest

from cases.case import parse
from harness.frameworks import registry

from . import alone

pytestmark = pytest.mark.frameworks

PRINTED = {
    "conv2d.i5x5.k3x3.s1x1.p0x0.d1x1": [[12, 12, 17], [10, 17, 19], [9, 6, 14]],
    "conv2d.i5x5.k3x3.s2x2.p1x1.d1x1": [[6, 17, 3], [8, 17, 13], [6, 4, 4]],
    "avg_pool2d.i5x5.k3x3.s1x1.p0x0.d1x1": [[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]],
    "max_pool2d.i5x5.k3x3.s1x1.p0x0.d1x1": [[3, 3, 3], [3, 3, 3], [3, 2, 3]],
}

# One process runs the framework, so that what it prints and warns of is its own.
PROGRAM = """
import json, sys
import numpy as np
from cases.case import parse
from cases.figures import NUMERICAL_INPUT, NUMERICAL_KERNEL
from harness.frameworks.base import Call, Unsupported
from harness.frameworks.registry import load


adapter, found = load(sys.argv[1])("cpu"), {}
for route in adapter.routes:
    for name in sys.argv[2:]:
        case = parse(name)
        said = adapter.say(case, route)
        if isinstance(said, Unsupported):
            continue
        kernel = None if case.pools else np.array(NUMERICAL_KERNEL)[None, None]
        mode = next(iter(adapter.routes[route].modes))
        call = Call(case, route, mode, said, kernel, None, np.array(NUMERICAL_INPUT)[None, None])
        (result,) = adapter.run([call])
        found[f"{route} {name}"] = np.round(result.array[0, 0].astype(float), 1).tolist()
print("RESULT" + json.dumps(found))
"""


@pytest.mark.parametrize("framework", registry.BUILT_IN)
def test_a_numerical_figure_comes_out_as_printed(framework: str) -> None:
    found = alone.result(PROGRAM, registry.BUILT_IN[framework], *PRINTED)
    routes = registry.load(registry.BUILT_IN[framework]).routes
    for route, what in routes.items():
        for name, printed in PRINTED.items():
            by_name_only = route.startswith(("keras.", "tf.nn.convolution")) and ".p1x1" in name
            if by_name_only or parse(name).op not in what.ops:
                assert f"{route} {name}" not in found
            else:
                assert found[f"{route} {name}"] == printed, (route, name)
