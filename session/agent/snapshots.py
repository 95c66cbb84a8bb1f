"""What regular files lie in the data folder, and what changed between two looks. Never follows a link."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_DEPTH = 32
MAX_ENTRIES = 100_000
MAX_LISTED = 10_000
MAX_CHANGES = 1_000


@dataclass(frozen=True)
class FileStamp:
    """How a file looked: enough to tell that it changed."""

    bytes: int
    mtime_ns: int
    inode: int


@dataclass
class Snapshot:
    """Files by path, and the space that everything in the folder occupies."""

    files: dict[str, FileStamp] = field(default_factory=dict)
    used_bytes: int = 0
    entries: int = 0
    # Something that we may not read: the kernel's user can open it for us.
    closed_to_us: bool = False


def describe(path: str, stamp: FileStamp) -> dict[str, str | int]:
    """A file as the protocol shows it."""
    return {"path": path, "bytes": stamp.bytes, "mtime_ns": stamp.mtime_ns}


def _visible(name: str) -> bool:
    """Dot-files are not reported; names that are not UTF-8 cannot be, in JSON."""
    if name.startswith("."):
        return False
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _walk(folder: int, prefix: str, depth: int, shown: bool, into: Snapshot) -> None:
    for entry in _entries(folder):
        into.entries += 1
        if into.entries > MAX_ENTRIES:
            return
        try:
            status = os.stat(entry, dir_fd=folder, follow_symlinks=False)
        except OSError:
            continue  # it went away while we looked
        into.used_bytes += status.st_blocks * 512
        visible = shown and _visible(entry)
        if stat.S_ISREG(status.st_mode):
            if visible:
                into.files[prefix + entry] = FileStamp(status.st_size, status.st_mtime_ns, status.st_ino)
                if not status.st_mode & 0o044 and status.st_uid != os.geteuid():
                    into.closed_to_us = True
        elif stat.S_ISDIR(status.st_mode) and depth < MAX_DEPTH:
            try:
                child = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            except PermissionError:
                into.closed_to_us = True
                continue
            except OSError:
                continue  # replaced while we looked
            try:
                _walk(child, f"{prefix}{entry}/", depth + 1, visible, into)
            finally:
                os.close(child)


def _entries(folder: int) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry.name


def take_snapshot(root: int) -> Snapshot:
    """Looks at everything below the open folder `root`."""
    snapshot = Snapshot()
    _walk(root, "", 0, True, snapshot)
    return snapshot


def changes(before: Snapshot, after: Snapshot) -> tuple[list[dict[str, str | int]], list[str]]:
    """(new or changed files, deleted paths), each sorted by path."""
    changed = sorted(path for path, stamp in after.files.items() if before.files.get(path) != stamp)
    deleted = sorted(path for path in before.files if path not in after.files)
    return [describe(path, after.files[path]) for path in changed[:MAX_CHANGES]], deleted[:MAX_CHANGES]
