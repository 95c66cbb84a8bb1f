"""The program of a kernel: limits first, then IPython's kernel, warmed, with no trace in the user's names."""

import importlib
import io
import json
import os
import signal
import sys
import threading
import traceback


def _warm(modules) -> None:
    """Pays for imports and the first drawing before anybody waits for them."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # not installed here: then code that wants it will be told
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [0, 1], label="x")
    axes.set_title("x")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    pyplot.close("all")


def _configuration(settings: dict):
    from traitlets.config.loader import Config

    from streams import BoundedStream

    BoundedStream.limit = settings["output_bytes"]
    connection = dict(settings["connection"])
    config = Config()
    config.Session.key = connection.pop("key").encode()
    config.Session.signature_scheme = connection.pop("signature_scheme")
    for name, value in connection.items():
        setattr(config.IPKernelApp, name, value)
    # IPython insists on writing such a file; the kernel's own home is the place for it.
    config.IPKernelApp.connection_file = os.path.join(os.environ["HOME"], f"connection-{os.getpid()}.json")
    config.IPKernelApp.outstream_class = "streams.BoundedStream"
    config.IPKernelApp.log_level = 50
    config.IPKernelApp.auto_create = False
    config.InteractiveShell.colors = "NoColor"
    config.HistoryManager.enabled = False
    config.Completer.use_jedi = False
    return config


def _adapt(app, settings: dict) -> None:
    """Differences between a notebook and a session that a program drives."""
    import zmq

    from endings import end_cells_only
    from figures import draw_sharply
    from fonts import fall_back_in_all_scripts
    from hints import hint_at
    from messages import bound_messages
    from reserve import hold_back_memory
    from shows import show_here

    shell = app.shell
    hold_back_memory(shell)
    bound_messages(app.session, settings["output_bytes"])
    # A full queue makes the kernel wait; the default would drop output in silence.
    app.iopub_socket.setsockopt(zmq.XPUB_NODROP, 1)
    hint_at(shell)
    end_cells_only(shell)
    draw_sharply(shell)
    fall_back_in_all_scripts()
    show_here(shell)
    # `name?` prints; there is no pager.
    shell.set_hook("show_in_pager", lambda self, data, start=0, screen_lines=0: print(_pager_text(data)), 1)
    # Only the last three results are kept, as _, __ and ___: they may be large.
    shell.displayhook.do_full_cache = False
    shell.displayhook.log_output = lambda format_dict: None
    shell.user_ns.pop("__warningregistry__", None)


def _pager_text(data) -> str:
    return data.get("text/plain", "") if isinstance(data, dict) else str(data)


def _end_with_the_agent(agent) -> None:
    """The agent holds the other end of this pipe and never writes again; where it ends, it ends."""
    agent.read(1)
    os.killpg(0, signal.SIGKILL)


def _take_settings() -> dict:
    """Reads the settings from stdin, which then is empty for the user's code."""
    agent = os.fdopen(os.dup(0), "rb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    settings = json.loads(agent.readline())
    threading.Thread(target=_end_with_the_agent, args=[agent], name="agent", daemon=True).start()
    return settings


def _prepare():
    """Makes the kernel, warm; returns what serves it. What goes wrong is told on the real stderr."""
    settings = _take_settings()
    here = sys.path[0]
    from limits import apply_limits

    apply_limits(settings)
    from ipykernel.kernelapp import IPKernelApp

    from endings import run_for_ever

    app = IPKernelApp.instance(config=_configuration(settings))
    app.initialize([])
    _warm(settings["warm_modules"])
    _adapt(app, settings)
    sys.stdout.flush()
    sys.stderr.flush()

    # The data folder comes last, so that a user's random.py cannot break the libraries that we import.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)] + [settings["data_dir"]]
    for name in ("endings", "figures", "fonts", "hints", "limits", "messages", "reserve", "shows", "streams"):
        sys.modules.pop(name, None)
    sys.argv[:] = [""]
    os.chdir(settings["data_dir"])
    return lambda: run_for_ever(app)


def main() -> None:
    # Kept before the kernel replaces the descriptors 1 and 2 by its own streams.
    ready, errors = os.dup(1), os.dup(2)
    try:
        serve = _prepare()
    except BaseException:
        os.write(errors, traceback.format_exc().encode("utf-8", "replace"))
        os._exit(1)
    os.write(ready, b"ready\n")
    os.close(ready)
    os.close(errors)
    serve()


main()
