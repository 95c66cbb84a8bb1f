"""Limits that a kernel puts on itself, and so on every program it starts, before it runs anything else."""

import os
import resource
import sys


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except ValueError:
        if sys.platform == "linux":
            raise
        # Other systems have fewer limits; there, isolation is switched off anyway.


def _own_tasks() -> int:
    """Processes and threads that this uid already has: the system counts them against our limit."""
    count = 0
    for name in os.listdir("/proc") if sys.platform == "linux" else ():
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue  # it ended while we looked
    return count


def apply_limits(settings: dict) -> None:
    """Sets resource limits and the umask."""
    # DATA counts what is really written to (heap, anonymous memory): numpy gets a clean MemoryError. The address
    # space is bounded more loosely, since reserved space costs nothing; it stops bombs of shared memory.
    memory = settings["memory_bytes"]
    _lower(resource.RLIMIT_DATA, memory)
    _lower(resource.RLIMIT_AS, 2 * memory + 2 * 1024**3)
    own = _own_tasks() if settings["count_own_processes"] else 0
    _lower(resource.RLIMIT_NPROC, own + settings["processes"])
    _lower(resource.RLIMIT_NOFILE, settings["open_files"])
    _lower(resource.RLIMIT_FSIZE, settings["file_bytes"])
    _lower(resource.RLIMIT_CORE, 0)
    # Files are shared with the agent through the group of the data folder.
    os.umask(0o002)
    # When the system runs out of memory it must take the kernel and not the agent.
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # no such file in some sandboxes; the limits above hold all the same
