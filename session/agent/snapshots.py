"""What files lie in a folder, and what changed between two looks.

A link to a file of the folder counts as that file. No link is ever followed: where it leads is found in what was seen.
"""

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
MAX_LINKS = 8
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


def link_target(place: str, path: str, target: str) -> str | None:
    """The path within the folder `place` to which a link at `path` leads; None when that is elsewhere.

    By the text alone: a folder on the way that is a link itself leads to no file of ours.
    """
    if target.startswith("/"):
        inside, start = target.startswith(f"{place}/"), ""
        if not inside:
            return None
        target = target[len(place) + 1 :]
    else:
        start = path.rpartition("/")[0]
    steps = start.split("/") if start else []
    for step in target.split("/"):
        if step == "..":
            if not steps:
                return None
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


class _Walk:
    """Goes down by descriptors and never by paths, which would end where a path is too long for the system."""

    def __init__(self, into: Snapshot, place: str) -> None:
        self._into = into
        self._place = place
        self._links: dict[str, str] = {}
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
            self._resolve_links()
        finally:
            for folder in self._way:
                if folder.descriptor >= 0:
                    os.close(folder.descriptor)

    def _resolve_links(self) -> None:
        found = {}
        for path in self._links:
            target: str | None = path
            for _ in range(MAX_LINKS):
                if target is None or target not in self._links:
                    break
                target = link_target(self._place, target, self._links[target])
            stamp = None if target is None else self._into.files.get(target)
            if stamp is not None:
                found[path] = stamp
        self._into.files.update(found)

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
                elif stat.S_ISLNK(status.st_mode) and not into.overflow and folder.shown:
                    if _visible(folder.prefix, entry.name):
                        self._read_link(folder, entry.name)

    def _read_link(self, folder: _Folder, name: str) -> None:
        try:
            self._links[folder.prefix + name] = os.readlink(name, dir_fd=folder.descriptor)
        except OSError:
            return  # replaced while we looked


def take_snapshot(root: int, place: str) -> Snapshot:
    """Looks at everything below the open folder `root`, which is at `place`. Safe to use from several threads."""
    snapshot = Snapshot()
    _Walk(snapshot, place).run(root)
    return snapshot


def is_shown(path: str) -> bool:
    """Whether a file of that path is ever reported."""
    return _visible("", path) and "/." not in path


def changes(before: dict[str, FileStamp], after: dict[str, FileStamp]) -> tuple[list[str], list[str]]:
    """(paths of new or changed files, deleted paths), each sorted."""
    changed = sorted(path for path, stamp in after.items() if before.get(path) != stamp)
    deleted = sorted(path for path in before if path not in after)
    return changed, deleted
