"""What regular files lie in a folder, and what changed between two looks. Never follows a link."""

import json
import os
import stat
from dataclasses import dataclass, field

MAX_DEPTH = 64
MAX_ENTRIES = 100_000
# What is beyond it is not counted, so no code may run where there is more.
MAX_COUNTED = 1_000_000
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
    # Folders deeper than is sensible. They are counted like all others.
    deep: bool = False
    # Files and folders that we may not use; the kernel's user can open them for us.
    private: bool = False
    # A folder that we could not look into: the sum above is not the whole.
    closed: bool = False

    @property
    def overflow(self) -> bool:
        """More entries than `files` can show."""
        return self.entries > MAX_ENTRIES


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


@dataclass
class _Folder:
    """A step of the way down. Only the lowest ones are held open: a way may be longer than descriptors go."""

    descriptor: int
    identity: tuple[int, int]
    prefix: str
    shown: bool
    below: list[str] = field(default_factory=list)


class _Walk:
    """Goes down by descriptors and never by paths, which would end where a path is too long for the system."""

    def __init__(self, into: Snapshot) -> None:
        self._into = into
        self._way: list[_Folder] = []

    def run(self, root: int) -> None:
        """Looks at everything below the open folder `root`."""
        try:
            # Opened again: whoever reads a folder moves a position that all copies of its descriptor share.
            self._enter(root, ".", "", True)
            while self._way:
                here = self._way[-1]
                if not here.below or self._into.entries > MAX_COUNTED:
                    self._leave()
                    continue
                name = here.below.pop()
                shown = here.shown and _visible(here.prefix, name)
                # What is not shown needs no prefix: those of very deep folders would fill the memory.
                self._enter(here.descriptor, name, f"{here.prefix}{name}/" if shown else "", shown)
        finally:
            for folder in self._way:
                if folder.descriptor >= 0:
                    os.close(folder.descriptor)

    def _enter(self, parent: int, name: str, prefix: str, shown: bool) -> None:
        try:
            descriptor = os.open(name, FOLDER_FLAGS, dir_fd=parent)
        except PermissionError:
            self._into.private = self._into.closed = True
            return
        except OSError:
            return  # replaced while we looked
        status = os.fstat(descriptor)
        folder = _Folder(descriptor, (status.st_dev, status.st_ino), prefix, shown)
        self._way.append(folder)
        self._into.deep |= len(self._way) > MAX_DEPTH + 1
        if len(self._way) > MAX_DEPTH:
            higher = self._way[-MAX_DEPTH - 1]
            os.close(higher.descriptor)
            higher.descriptor = -1
        self._read(folder)

    def _leave(self) -> None:
        """One step up, by `..` where the folder above is no longer held open."""
        left = self._way.pop()
        try:
            if self._way and self._way[-1].descriptor < 0:
                self._way[-1].descriptor = self._above(left.descriptor, self._way[-1].identity)
        except OSError:
            # Moved elsewhere while we looked: the rest cannot be found from here.
            self._into.closed = True
            self._way.clear()
        finally:
            os.close(left.descriptor)

    def _above(self, descriptor: int, identity: tuple[int, int]) -> int:
        above = os.open("..", FOLDER_FLAGS, dir_fd=descriptor)
        status = os.fstat(above)
        if (status.st_dev, status.st_ino) == identity:
            return above
        os.close(above)
        raise FileNotFoundError("the folder was moved")

    def _read(self, folder: _Folder) -> None:
        into = self._into
        with os.scandir(folder.descriptor) as entries:
            for entry in entries:
                into.entries += 1
                if into.entries > MAX_COUNTED:
                    return
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue  # it went away while we looked
                into.used_bytes += status.st_blocks * 512
                foreign = status.st_uid != os.geteuid()
                if stat.S_ISDIR(status.st_mode):
                    into.private |= foreign and not status.st_mode & 0o020
                    folder.below.append(entry.name)
                elif stat.S_ISREG(status.st_mode) and not into.overflow and folder.shown:
                    if _visible(folder.prefix, entry.name):
                        stamp = FileStamp(status.st_size, status.st_mtime_ns, status.st_ino)
                        into.files[folder.prefix + entry.name] = stamp
                        into.private |= foreign and not status.st_mode & 0o044


def take_snapshot(root: int) -> Snapshot:
    """Looks at everything below the open folder `root`. Safe to use from several threads at once."""
    snapshot = Snapshot()
    _Walk(snapshot).run(root)
    return snapshot


def is_shown(path: str) -> bool:
    """Whether a file of that path is ever reported."""
    return _visible("", path) and "/." not in path


def changes(before: dict[str, FileStamp], after: dict[str, FileStamp]) -> tuple[list[str], list[str]]:
    """(paths of new or changed files, deleted paths), each sorted."""
    changed = sorted(path for path, stamp in after.items() if before.get(path) != stamp)
    deleted = sorted(path for path in before if path not in after)
    return changed, deleted
