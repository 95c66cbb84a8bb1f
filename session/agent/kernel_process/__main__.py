"""The program of a kernel: limits first, then IPython's kernel, warmed, with no trace in the user's names."""

import json
import os
import sys


def _warm() -> None:
    """Pays for imports and the first drawing before anybody waits for them."""
    import importlib
    import io

    for name in ("numpy", "pandas"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    try:
        from matplotlib import pyplot
    except ImportError:
        return
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [0, 1], label="x")
    axes.set_title("x")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    pyplot.close("all")


def _configuration(settings: dict):
    from traitlets.config import Config

    from streams import BoundedStream

    BoundedStream.limit = settings["output_bytes"]
    config = Config()
    config.IPKernelApp.connection_file = settings["connection_file"]
    config.IPKernelApp.outstream_class = "streams.BoundedStream"
    config.IPKernelApp.log_level = 50
    config.IPKernelApp.auto_create = False
    config.InteractiveShell.colors = "NoColor"
    # Results are kept for `_` and a few steps back, not for ever: they may be large.
    config.InteractiveShell.cache_size = 3
    config.HistoryManager.enabled = False
    config.Completer.use_jedi = False
    return config


def main() -> None:
    settings = json.loads(sys.argv[1])
    here = sys.path[0]
    from limits import apply_limits

    apply_limits(settings)
    # Opened before the kernel replaces the descriptors 1 and 2 by its own streams.
    ready = os.fdopen(os.dup(1), "wb")

    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance(config=_configuration(settings))
    app.initialize([])
    app.shell.keepkernel_on_exit = True
    _warm()
    sys.stdout.flush()
    sys.stderr.flush()

    # The data folder comes last, so that a user's random.py cannot break the libraries that we import.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)] + [settings["data_dir"]]
    for name in ("limits", "streams"):
        sys.modules.pop(name, None)
    sys.argv[:] = [""]
    os.chdir(settings["data_dir"])

    ready.write(b"ready\n")
    ready.close()
    app.start()


main()
