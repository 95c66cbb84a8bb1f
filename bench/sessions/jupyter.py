"""The yardstick: a bare Jupyter kernel, driven by jupyter_client. Prints milliseconds as one line of JSON."""

import json
import sys
import time

from jupyter_client.manager import KernelManager

REPEATS = int(sys.argv[1])
PLOT = sys.argv[2]


def milliseconds(work):
    """How long `work` takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def call(client, code):
    """Runs code until the kernel is idle again; fails when the code does."""
    reply = client.execute_interactive(code, timeout=120, output_hook=lambda message: None)
    assert reply["content"]["status"] == "ok", reply["content"]


def main():
    """Starts a kernel, uses it, and ends it."""
    manager = KernelManager()
    clients = []

    def start():
        manager.start_kernel()
        clients.append(manager.client())
        clients[0].start_channels()
        clients[0].wait_for_ready(timeout=120)

    try:
        start_ms = milliseconds(start)
        client = clients[0]
        figures = {
            "start": start_ms,
            "sums": [milliseconds(lambda: call(client, "1+1")) for _ in range(REPEATS)],
            "firstPlot": milliseconds(lambda: call(client, "%matplotlib inline\n" + PLOT)),
            "plots": [milliseconds(lambda: call(client, PLOT)) for _ in range(REPEATS)],
        }
        print(json.dumps(figures))
    finally:
        for each in clients:
            each.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)


main()
