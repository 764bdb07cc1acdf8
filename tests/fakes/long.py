"""A framework with long names, which deviates as :mod:`tests.fakes.deviating` does."""

from __future__ import annotations

from harness.frameworks.base import DECLARED, Mode, Route

from .deviating import Deviating

ROUTE = "long_package.of_many_parts.functional_and_stateful_layers.convolution_with_everything"


class Long(Deviating):
    """Reached by a route that no terminal has room for."""

    name = "long"
    routes = {ROUTE: Route({"eager": Mode(), "abstract": DECLARED})}
