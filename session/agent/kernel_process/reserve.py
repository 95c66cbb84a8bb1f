"""Memory held back while the user's code runs, so that a session survives code that takes all there is.

Without it the machinery around the code would fail for want of a few kilobytes, and the error with it.
"""

import resource
import sys
import traceback

RESERVE_BYTES = 64 * 1024 * 1024


def _allow(held_back):
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = hard if hard == resource.RLIM_INFINITY else max(hard - held_back, 0)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _forget_frames():
    """The variables of the frames that failed are what took the memory; nobody needs them now."""
    traceback.clear_frames(getattr(sys, "last_traceback", None))
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            setattr(sys, name, None)


def hold_back_memory(shell):
    """Lowers the limit around each piece of code; the reserve is there again to report an error."""
    shell.events.register("pre_execute", lambda: _allow(RESERVE_BYTES))
    shell.events.register("post_execute", lambda: _allow(0))
    show = shell.showtraceback

    def show_with_reserve(*args, **kwargs):
        _allow(0)
        exhausted = isinstance(sys.exc_info()[1], MemoryError)
        show(*args, **kwargs)
        if exhausted:
            _forget_frames()

    shell.showtraceback = show_with_reserve
