"""What regular files lie in a folder, and what changed between two looks. Never follows a link."""

import json
import os
import stat
from dataclasses import dataclass, field

MAX_DEPTH = 64
MAX_ENTRIES = 100_000
MAX_LISTED = 10_000
MAX_LISTED_BYTES = 4 * 1024 * 1024
MAX_PATH_BYTES = 1024
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class FileStamp:
    """How a file looked: enough to tell that it changed."""

    bytes: int
    mtime_ns: int
    inode: int


@dataclass
class Snapshot:
    """Files by path, and the space that everything in the folder occupies (holes of sparse files do not)."""

    files: dict[str, FileStamp] = field(default_factory=dict)
    used_bytes: int = 0
    entries: int = 0
    # More entries or deeper folders than we look at: the sum above is not the whole.
    overflow: bool = False
    # Files and folders that we may not use; the kernel's user can open them for us.
    private: bool = False
    # A folder that we could not look into: the sum above is not the whole.
    closed: bool = False


def describe(path: str, stamp: FileStamp) -> dict[str, str | int]:
    """A file as the protocol shows it."""
    return {"path": path, "bytes": stamp.bytes, "mtime_ns": stamp.mtime_ns}


def within_bounds(paths: list[str]) -> list[str]:
    """As many of the paths as fit into one line or answer."""
    room = MAX_LISTED_BYTES
    for count, path in enumerate(paths[:MAX_LISTED]):
        room -= len(json.dumps(path)) + 64
        if room < 0:
            return paths[:count]
    return paths[:MAX_LISTED]


def listing(snapshot: Snapshot, paths: list[str]) -> list[dict[str, str | int]]:
    """Those files as the protocol shows them, as many as fit."""
    return [describe(path, snapshot.files[path]) for path in within_bounds(paths)]


def _visible(prefix: str, name: str) -> bool:
    """Dot-files are not reported; names that are not UTF-8 cannot be, in JSON; nor what is too long to ask for."""
    if name.startswith("."):
        return False
    try:
        return len(f"{prefix}{name}".encode()) <= MAX_PATH_BYTES
    except UnicodeEncodeError:
        return False


def _walk(folder: int, prefix: str, depth: int, shown: bool, into: Snapshot) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            into.entries += 1
            if into.entries > MAX_ENTRIES:
                into.overflow = True
                return
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # it went away while we looked
            into.used_bytes += status.st_blocks * 512
            visible = shown and _visible(prefix, entry.name)
            foreign = status.st_uid != os.geteuid()
            if stat.S_ISREG(status.st_mode):
                if visible:
                    stamp = FileStamp(status.st_size, status.st_mtime_ns, status.st_ino)
                    into.files[prefix + entry.name] = stamp
                    into.private |= foreign and not status.st_mode & 0o044
            elif stat.S_ISDIR(status.st_mode):
                into.private |= foreign and not status.st_mode & 0o020
                _descend(folder, entry.name, prefix, depth, visible, into)


def _descend(folder: int, name: str, prefix: str, depth: int, visible: bool, into: Snapshot) -> None:
    if depth >= MAX_DEPTH:
        into.overflow = True
        return
    try:
        child = os.open(name, FOLDER_FLAGS, dir_fd=folder)
    except PermissionError:
        into.private = into.closed = True
        return
    except OSError:
        return  # replaced while we looked
    try:
        _walk(child, f"{prefix}{name}/", depth + 1, visible, into)
    finally:
        os.close(child)


def take_snapshot(root: int) -> Snapshot:
    """Looks at everything below the open folder `root`. Safe to use from several threads at once."""
    snapshot = Snapshot()
    # Opened again: whoever reads a folder moves a position that all copies of its descriptor share.
    folder = os.open(".", FOLDER_FLAGS, dir_fd=root)
    try:
        _walk(folder, "", 0, True, snapshot)
    finally:
        os.close(folder)
    return snapshot


def changes(before: Snapshot, after: Snapshot) -> tuple[list[str], list[str]]:
    """(paths of new or changed files, deleted paths), each sorted."""
    changed = sorted(path for path, stamp in after.files.items() if before.files.get(path) != stamp)
    deleted = sorted(path for path in before.files if path not in after.files)
    return changed, deleted
