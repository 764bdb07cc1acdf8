"""The program ``convarith``: its verbs, and how it ends."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from rich.console import Console

from harness.errors import FAILED, INTERRUPTED, USAGE, ConvarithError


def _version() -> str:
    from importlib.metadata import version

    return version("convarith")


app = App(
    name="convarith",
    help="Hold convolution, pooling and transposed-convolution layers of PyTorch, TensorFlow and JAX against the "
    "arithmetic of Dumoulin & Visin's guide, exactly.",
    help_epilogue="Exit codes: 0 as expected, 1 a disagreement, 2 usage, 3 the harness or an environment failed, "
    "4 nothing selected, 130 interrupted.",
    help_format="plaintext",  # a Markdown parser would be a quarter of the time that --help takes
    version=_version,
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # it is told below
)
# By name, so that a verb's module is imported when it is called and --help costs nothing.
app.command("harness.commands.run:run", help="Observe layers, judge them against the theory, and report.")
app.command(
    "harness.commands.list:list_cases",
    name="list",
    help="List the cases that a selection holds, count them for each claim, or say what they cover.",
)
app.command("harness.commands.claims:claims", help="Print what is claimed, by number, with formula and source.")
app.command("harness.commands.routes:routes", help="Print how each route says a layer, argument by argument.")
app.command("harness.commands.draw:draw", help="Draw a layer as the guide draws it, with its matrix, as an SVG.")
app.command(
    "harness.commands.explain:explain",
    help="Say what a layer pads, in theory and as every route really computes it, and what says the same.",
)
app.command(
    "harness.commands.repro:repro_case",
    name="repro",
    help="Print a script that shows a case in one framework without convarith, and what it prints here.",
)
app.command("harness.commands.shrink:shrink", help="Find the smallest case that still shows the same disagreement.")
app.command("harness.commands.atlas:atlas", help="Tell exactly when two conventions are the same layer, with maps.")
app.command(
    "harness.commands.translate:translate",
    help="Say a layer in another framework's code that does exactly the same, and prove it.",
)
app.command(
    "harness.commands.translations:translations",
    help="Count how the layers of a grid are said from each framework in each other, and prove a sample.",
)
app.command("harness.commands.check_adapter:check_adapter", help="Tell what is missing or wrong in an adapter.")
app.command("harness.commands.report:report", help="Show the summary of a run, and write its reports where asked.")
app.command("harness.commands.merge:merge", help="Unite the shards of a run, and report.")
app.command(
    "harness.commands.selftest:selftest",
    help="Plant faults in a perfect framework, and tell which of them a grid sees.",
)
app.command("harness.commands.diff:diff", help="Tell what changed between two runs, or two releases in one.")
app.command("harness.commands.bisect:bisect", help="Find between which two releases an observation changed.")
app.command("harness.commands.history:history", help="Show releases beside each other, or the history of a case.")
app.command("harness.commands.baseline:baseline", help="Write what of a run is not as expected, to compare runs with.")
environments = App(name="env", help="Environments that are made for releases: list, make, check and remove them.")
environments.command("harness.commands.env:listed", name="list", help="List the environments that are kept.")
environments.command("harness.commands.env:create", help="Make an environment, if it is not kept already.")
environments.command("harness.commands.env:check", help="Tell which environments are not as they were made.")
environments.command("harness.commands.env:remove", help="Remove environments.")
app.command(environments)
app.command("harness.commands.query:query", help="Ask a run in SQL. Its tables are cases, observations and verdicts.")
_known = App(name="known", help="Known deviations, kept by what runs show: check, add, prune.")
_known.command(
    "harness.commands.known:held", name="check", help="Say what of a run is not as the known deviations say."
)
_known.command("harness.commands.known:add", help="Write an entry for each rule of a run about what is not known yet.")
_known.command("harness.commands.known:prune", help="Take out the entries that a run shows to be stale.")
app.command(_known)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line; that of the process if left out.

    Returns
    -------
    int
        The exit code.
    """
    errors = Console(stderr=True, highlight=False)
    try:
        result = app(arguments, exit_on_error=False, print_error=False, error_console=errors)
    except CycloptsError as error:
        errors.print(f"convarith: {error}", style="red", markup=False, soft_wrap=True)
        errors.print("convarith --help says what can be asked.", markup=False)
        return USAGE
    except ConvarithError as error:
        errors.print(f"convarith: {error}", style="red", markup=False, soft_wrap=True)
        return error.exit_code
    except KeyboardInterrupt:
        errors.print("convarith: interrupted; what was observed until then is kept", style="red")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 0
    except Exception:  # our own, whatever it is: its exit code must not be that of a disagreement
        traceback.print_exc()
        errors.print("convarith: a fault of convarith's own; please report it with the lines above", style="red")
        return FAILED
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
