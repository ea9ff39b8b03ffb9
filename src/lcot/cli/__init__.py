"""Floor 9: the command line. Verbs live in files of their own and are imported when called."""

from __future__ import annotations

import gc
import json
import sys

from lcot.errors import LcotError

VERBS = {  # verb: where it is, what it answers
    "compare": ("lcot.cli.compare:compare", "Who is cheapest for this model at this speed and load?"),
    "simulate": ("lcot.cli.simulate:simulate", "What do users see when this deployment replays this trace?"),
    "size": ("lcot.cli.size:size", "How many systems, megawatts and dollars for my load at my target?"),
    "bill": ("lcot.cli.bill:bill", "What does this system cost, line by line and year by year?"),
    "explain": ("lcot.cli.explain:explain", "Where does this number come from?"),
    "sensitivity": ("lcot.cli.sensitivity:sensitivity", "Which facts move the answer?"),
    "breakeven": ("lcot.cli.breakeven:breakeven", "Where does the cheaper of two, systems or hosts, change?"),
    "market": ("lcot.cli.market:market", "Who takes what share, and what does a token cost, to 2030?"),
    "value": ("lcot.cli.value:app", "What is a company worth, and what must be true for a valuation?"),
    "claims": ("lcot.cli.claims:claims", "Which published claims hold, and what would turn them?"),
    "validate": ("lcot.cli.validate:validate", "How far off are the predictions?"),
    "calibrate": ("lcot.cli.calibrate:calibrate", "Fit the engines' constants on measured runs, or check them."),
    "facts": ("lcot.cli.facts:app", "List, show, check and start the facts."),
    "report": ("lcot.cli.report:app", "Write the answer as one HTML file to keep."),
    "web": ("lcot.cli.web:web", "Open the local page."),
}


def run(arguments: list[str] | None = None) -> None:
    """Run one command; errors that a user can cause end it with exit code 2 and one sentence."""
    from cyclopts import App
    from cyclopts.exceptions import CycloptsError

    gc.set_threshold(200_000, 50, 100)  # a catalogue is many small objects that live on; looking for rubbish costs 8 %
    tokens = sys.argv[1:] if arguments is None else arguments
    app = App(
        name="lcot",
        help="The levelised cost of tokens: which accelerator serves this model cheapest, at this speed and load?",
        version_flags=["--version", "-V"],
        help_format="plaintext",
    )
    for verb, (place, what) in VERBS.items():
        app.command(place, name=verb, help=what)
    try:
        app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        fail(str(error), "usage", tokens)
    except LcotError as error:
        fail(str(error), type(error).__name__, tokens, error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # of the terminal, or of a file that no verb speaks for
        fail(str(error), "system", tokens)
    except KeyboardInterrupt:
        fail("interrupted", "interrupted", tokens, 130)


def fail(message: str, kind: str, tokens: list[str], code: int = 2) -> None:
    """Say what is wrong, as JSON too where JSON was asked for, and end."""
    if "--json" in tokens:
        print(json.dumps({"schema": "lcot.error/1", "error": {"kind": kind, "message": message}}))
    print(f"lcot: {message}", file=sys.stderr)
    sys.exit(code)
