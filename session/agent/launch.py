"""How a kernel is started: its command, its fresh environment, and the folders it may use."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from .config import Config
from .sharing import Sharing

PROGRAM = Path(__file__).parent / "kernel_process"
MAX_LIBRARY_THREADS = 4


class Folders:
    """Folders outside the data folder: sockets (private), and scratch space, in which each kernel has a home."""

    def __init__(self, config: Config, sharing: Sharing) -> None:
        self._sharing = sharing
        self._made: list[Path] = []
        self.sockets = self._prepare(config.runtime_dir, "hourglass-run-")
        self.scratch = self._prepare(config.scratch_dir, "hourglass-scratch-")
        self._matplotlib = config.cache_dir / "matplotlib"

    def _prepare(self, given: Path | None, prefix: str) -> Path:
        if given is not None:
            given.mkdir(parents=True, exist_ok=True)
            return given
        made = Path(tempfile.mkdtemp(prefix=prefix))
        self._sharing.give(made, self._sharing.private_folder)
        self._made.append(made)
        return made

    def new_home(self) -> Path:
        """A home that no code has seen: what one kernel wrote there must not run at the start of the next."""
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self.scratch))
        settings = home / "matplotlib"
        settings.mkdir()
        for folder in (home, settings):
            self._sharing.give(folder, self._sharing.private_folder)
        # Settings, and the list of fonts: to build it takes seconds on a machine with many of them.
        for given in [*self._matplotlib.glob("fontlist-*.json"), *self._matplotlib.glob("matplotlibrc")]:
            copy = settings / given.name
            shutil.copyfile(given, copy)
            self._sharing.give(copy, self._sharing.data_file)
        return home

    def new_socket_folder(self, generation: int) -> Path:
        """A fresh folder for one kernel's connection file and sockets (paths must stay below 108 bytes)."""
        folder = Path(tempfile.mkdtemp(prefix=f"{generation}-", dir=self.sockets))
        self._sharing.give(folder, self._sharing.private_folder)
        return folder

    def remove(self) -> None:
        """Removes what this object made, as far as its owner may."""
        for folder in self._made:
            shutil.rmtree(folder, ignore_errors=True)


def kernel_command(config: Config, folders: Folders, home: Path) -> list[str]:
    """The program of a kernel; its settings come by stdin, since others can read arguments."""
    # The environment is set by `env`, after the change of user: a program with file capabilities loses variables
    # that the system takes for dangerous, TMPDIR among them.
    variables = [f"{name}={value}" for name, value in kernel_environment(folders, home).items()]
    # Isolated: no PYTHON* variables, no user site, no current folder on the path while the kernel starts.
    return [*config.run_as, "/usr/bin/env", "-i", *variables, sys.executable, "-I", str(PROGRAM)]


def kernel_settings(config: Config, connection: dict[str, object]) -> bytes:
    """What a kernel is told at its start."""
    limits = config.limits
    settings = {
        "connection": connection,
        "data_dir": str(config.data_dir),
        "warm_modules": config.warm_modules,
        "memory_bytes": limits.memory_bytes,
        "processes": limits.processes,
        "open_files": limits.open_files,
        "file_bytes": limits.file_bytes,
        "output_bytes": limits.output_bytes,
        "count_own_processes": not config.run_as,
    }
    return json.dumps(settings).encode() + b"\n"


def kernel_environment(folders: Folders, folder: Path) -> dict[str, str]:
    """All that a kernel's environment holds; nothing is inherited."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = str(min(MAX_LIBRARY_THREADS, cores))
    home = str(folder)
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": str(folders.scratch),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "IPYTHONDIR": f"{home}/ipython",
        "JUPYTER_CONFIG_DIR": f"{home}/jupyter",
        "JUPYTER_DATA_DIR": f"{home}/jupyter",
        "JUPYTER_RUNTIME_DIR": f"{home}/jupyter",
        "JUPYTER_PLATFORM_DIRS": "1",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # Its other way to show figures brings megabytes of JavaScript along.
        "PLOTLY_RENDERER": "plotly_mimetype",
        "XDG_CACHE_HOME": f"{home}/cache",
        "XDG_CONFIG_HOME": f"{home}/config",
        "XDG_DATA_HOME": f"{home}/data",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "NO_COLOR": "1",
        "TERM": "dumb",
        # Each thread may otherwise reserve an arena, and each library a thread for every core of the host.
        "MALLOC_ARENA_MAX": "4",
        "OPENBLAS_NUM_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }
