"""exit(), quit() and SystemExit end the cell, and nothing else.

A notebook's kernel ends itself a moment later, or with the event loop that code stopped: here the next call of
the model would find its variables gone.
"""

import ast
import sys
import warnings

from ipykernel.zmqshell import ZMQExitAutocall

NAMES = ("exit", "quit")
CLEAN = (None, 0)


class _EndOfCell(ZMQExitAutocall):
    """What `exit` and `quit` are, as long as code does not use these names for something else."""

    ends_the_cell = True

    def __call__(self, code=None, keep_kernel=None):
        raise SystemExit if code is None else SystemExit(code)


class _BareExit(ast.NodeTransformer):
    """Makes `exit` on a line of its own, however deep, the call that is meant."""

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Name) and node.value.id in NAMES:
            name = node.value.id
            meant = ast.parse(f"{name}() if hasattr({name}, 'ends_the_cell') else {name}", mode="eval").body
            for part in ast.walk(meant):
                ast.copy_location(part, node.value)
            node.value = meant
        return node


def end_cells_only(shell):
    """Prepares the shell; `run_for_ever` does the rest."""
    shell.exiter = _EndOfCell(shell)
    for name in NAMES:
        shell.user_ns[name] = shell.exiter
        # For modules of the user's: IPython hides Python's own, and leaves nothing in their place.
        shell.builtin_trap.auto_builtins[name] = shell.exiter
    shell.ask_exit = lambda: None
    shell.ast_transformers.append(_BareExit())
    # IPython's advice to those who end a cell by SystemExit.
    warnings.filterwarnings("ignore", message="To exit: use")
    show = shell.showtraceback

    def show_unless_clean(*args, **kwargs):
        error = sys.exc_info()[1]
        if not isinstance(error, SystemExit):
            show(*args, **kwargs)
        elif error.code not in CLEAN:
            shell._showtraceback(SystemExit, error, [f"SystemExit: {error}"])

    shell.showtraceback = show_unless_clean


def run_for_ever(app):
    """Serves until the process is ended. Code may stop the event loop, or raise SystemExit in a task of its own."""
    start = app.start
    while True:
        try:
            start()
        except (SystemExit, KeyboardInterrupt):
            pass
        start = app.io_loop.start
