"""Environment → frozen Config; the only reader of the agent's environment."""

import os
import shlex
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE


@dataclass(frozen=True)
class Limits:
    """What the kernel's processes may use.

    `data_bytes` is the sum over the data folder, `grace_s` the time between SIGINT and SIGKILL.
    """

    memory_bytes: int
    processes: int
    open_files: int
    file_bytes: int
    data_bytes: int
    output_bytes: int
    grace_s: int


@dataclass(frozen=True)
class Config:
    """Everything the agent was told at its start."""

    listen: str
    data_dir: Path
    config_dir: Path
    scratch_dir: Path | None
    runtime_dir: Path | None
    cache_dir: Path
    token: str | None
    deadline: float | None
    run_as: tuple[str, ...]
    warm_modules: tuple[str, ...]
    unclaimed_ttl_s: float
    limits: Limits


class InvalidConfig(Exception):
    """A setting that cannot be used; the message names it."""


def _number(
    environ: MutableMapping[str, str], name: str, default: int, minimum: int = 1, maximum: int = 1 << 60
) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise InvalidConfig(f"{name} must be a whole number, such as {default}, not {text!r}") from None
    if not minimum <= value <= maximum:
        raise InvalidConfig(f"{name} must be {minimum} to {maximum}, not {value}")
    return value


def parse_deadline(text: str) -> float:
    """A Unix time in seconds; raises InvalidConfig for anything else."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e11:
        raise InvalidConfig(f"the deadline must be a Unix time in seconds, not {text!r}")
    return value


def _folder(environ: MutableMapping[str, str], name: str) -> Path | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    if not text.startswith("/"):
        raise InvalidConfig(f"{name} must be an absolute path, not {text!r}")
    return Path(text)


def _modules(text: str) -> tuple[str, ...]:
    names = tuple(text.replace(",", " ").split())
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise InvalidConfig(f"AGENT_WARM_MODULES must hold names of modules, not {name!r}")
    return names


def read_config(environ: MutableMapping[str, str]) -> Config:
    """Reads and checks all settings, and removes the two secret ones from `environ`."""
    token = environ.pop("AGENT_TOKEN", "").strip() or None
    deadline = environ.pop("AGENT_DEADLINE", "").strip()
    return Config(
        listen=environ.get("AGENT_LISTEN", "").strip() or "0.0.0.0:8080",
        data_dir=_folder(environ, "AGENT_DATA_DIR") or Path("/mnt/data"),
        config_dir=_folder(environ, "AGENT_CONFIG_DIR") or Path("/mnt/configmap/session"),
        scratch_dir=_folder(environ, "AGENT_SCRATCH_DIR"),
        runtime_dir=_folder(environ, "AGENT_RUNTIME_DIR"),
        cache_dir=_folder(environ, "AGENT_CACHE_DIR") or Path("/var/cache/hourglass"),
        token=token,
        deadline=parse_deadline(deadline) if deadline else None,
        run_as=tuple(shlex.split(environ.get("AGENT_RUN_AS", ""))),
        warm_modules=_modules(environ.get("AGENT_WARM_MODULES", "numpy pandas matplotlib.pyplot")),
        unclaimed_ttl_s=_number(environ, "AGENT_UNCLAIMED_TTL_S", 0, minimum=0),
        limits=Limits(
            memory_bytes=_number(environ, "AGENT_MEMORY_BYTES", 2 * GIBIBYTE, minimum=256 * MEBIBYTE),
            processes=_number(environ, "AGENT_PROCESSES", 128, minimum=16),
            open_files=_number(environ, "AGENT_OPEN_FILES", 1024, minimum=64),
            file_bytes=_number(environ, "AGENT_FILE_BYTES", 2 * GIBIBYTE),
            data_bytes=_number(environ, "AGENT_DATA_BYTES", 2 * GIBIBYTE),
            output_bytes=_number(environ, "AGENT_OUTPUT_BYTES", MEBIBYTE, maximum=2 * MEBIBYTE),
            grace_s=_number(environ, "AGENT_GRACE_S", 5, minimum=0),
        ),
    )


def read_environment() -> Config:
    """The configuration of this process."""
    return read_config(os.environ)
