"""How a kernel is started: its command, its fresh environment, and the folders it may use."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from .config import Config

PROGRAM = Path(__file__).parent / "kernel_process"
MAX_LIBRARY_THREADS = 4


class Folders:
    """Folders outside the data folder: sockets (private), and scratch space that is the kernel's home."""

    def __init__(self, config: Config, shared: bool) -> None:
        # Shared: the kernel runs as another user and reaches these folders through the common group.
        self._mode = 0o2770 if shared else 0o700
        self._made: list[Path] = []
        self.sockets = self._prepare(config.runtime_dir, "hourglass-run-")
        self.scratch = self._prepare(config.scratch_dir, "hourglass-scratch-")
        self.home = self.scratch / "home"
        self._make(self.home)
        self._make(self.home / "matplotlib")
        self._seed_font_cache(config.cache_dir / "matplotlib")

    def _prepare(self, given: Path | None, prefix: str) -> Path:
        if given is not None:
            given.mkdir(parents=True, exist_ok=True)
            return given
        made = Path(tempfile.mkdtemp(prefix=prefix))
        made.chmod(self._mode)
        self._made.append(made)
        return made

    def _make(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        folder.chmod(self._mode)

    def _seed_font_cache(self, source: Path) -> None:
        # Building matplotlib's list of fonts takes seconds on a machine with many of them.
        if not source.is_dir():
            return
        for cache in source.glob("fontlist-*.json"):
            target = self.home / "matplotlib" / cache.name
            shutil.copyfile(cache, target)
            target.chmod(0o660 if self._mode & 0o070 else 0o600)

    def new_socket_folder(self, generation: int) -> Path:
        """A fresh folder for one kernel's connection file and sockets (paths must stay below 108 bytes)."""
        folder = Path(tempfile.mkdtemp(prefix=f"{generation}-", dir=self.sockets))
        folder.chmod(self._mode)
        return folder

    def remove(self) -> None:
        """Removes what this object made, as far as its owner may."""
        for folder in self._made:
            shutil.rmtree(folder, ignore_errors=True)


def kernel_command(config: Config, connection_file: Path) -> list[str]:
    """The program of a kernel. Nothing in its arguments is secret: the key is in the connection file."""
    limits = config.limits
    settings = {
        "connection_file": str(connection_file),
        "data_dir": str(config.data_dir),
        "memory_bytes": limits.memory_bytes,
        "processes": limits.processes,
        "open_files": limits.open_files,
        "file_bytes": limits.file_bytes,
        "output_bytes": limits.output_bytes,
        "count_own_processes": not config.run_as,
    }
    # Isolated: no PYTHON* variables, no user site, no current folder on the path while the kernel starts.
    return [sys.executable, "-I", str(PROGRAM), json.dumps(settings)]


def kernel_environment(config: Config, folders: Folders) -> dict[str, str]:
    """All that a kernel's environment holds; nothing is inherited."""
    threads = str(min(MAX_LIBRARY_THREADS, len(os.sched_getaffinity(0))))
    home = str(folders.home)
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
