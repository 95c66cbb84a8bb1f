"""The data folder from the outside: safe paths, streamed reads, writes that appear whole or not at all.

The kernel's code may change the folder under our hands at any moment. So every step of a path is opened
relative to the step before and never through a link, and decisions are made on open descriptors only.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import AgentError
from .sharing import Sharing
from .snapshots import FOLDER_FLAGS, MAX_LINKS, MAX_PATH_BYTES, FileStamp, link_target

PART_PREFIX = ".hourglass-"
MAX_NAME_BYTES = 255


def invalid_path(reason: str) -> AgentError:
    return AgentError(400, "invalid_path", reason)


def not_found() -> AgentError:
    return AgentError(404, "not_found", "there is no such file")


def not_regular(reason: str) -> AgentError:
    return AgentError(403, "not_regular", reason)


def _refused(error: OSError) -> AgentError:
    """What the caller hears when the system refuses a write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMLINK):
        return AgentError(507, "disk_full", "there is no space left for this file")
    if error.errno == errno.ENOENT:
        return invalid_path("a folder on the way went away")
    return not_regular(f"the file cannot be written: {os.strerror(error.errno or 0)}")


def split_path(path: str) -> list[str]:
    """The steps of a relative path; raises invalid_path for one that could lead anywhere else."""
    encoded = path.encode("utf-8", "surrogateescape")
    if not path or len(encoded) > MAX_PATH_BYTES or "\0" in path:
        raise invalid_path(f"a path has 1 to {MAX_PATH_BYTES} bytes and no NUL")
    steps = path.split("/")
    for step in steps:
        if step in ("", ".", ".."):
            raise invalid_path("a path is relative, without empty steps, . and ..")
        if len(step.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
            raise invalid_path(f"a name has at most {MAX_NAME_BYTES} bytes")
        if step.startswith(PART_PREFIX):
            raise invalid_path(f"names that begin with {PART_PREFIX} are the agent's own")
    return steps


class Upload:
    """A file on its way in: written beside its target and renamed over it at the end."""

    def __init__(self, folder: int, name: str, sharing: Sharing) -> None:
        self._folder = folder
        self._name = name
        self._part = f"{PART_PREFIX}{secrets.token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(self._part, flags, 0o600, dir_fd=folder)
        sharing.give(self._file, sharing.data_file)
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Appends; raises disk_full when there is no space."""
        view = memoryview(chunk)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            raise _refused(error) from error
        self.size += len(chunk)

    def commit(self) -> FileStamp:
        """Makes the file appear under its name."""
        try:
            os.rename(self._part, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except (IsADirectoryError, NotADirectoryError, FileNotFoundError) as error:
            raise invalid_path("the path leads to a folder, or its folder went away") from error
        self._part = ""
        status = os.fstat(self._file)
        return FileStamp(status.st_size, status.st_mtime_ns, status.st_ino)

    def close(self) -> None:
        """Frees the descriptors, and removes what was not committed."""
        if self._file < 0:
            return
        os.close(self._file)
        self._file = -1
        try:
            if self._part:
                os.unlink(self._part, dir_fd=self._folder)
        except FileNotFoundError:
            return  # the kernel's code removed it: its right
        finally:
            os.close(self._folder)


class Workspace:
    """The data folder."""

    def __init__(self, root: Path, sharing: Sharing) -> None:
        self.root = root
        self._sharing = sharing
        self.descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    @contextmanager
    def _folder_of(self, steps: list[str], create: bool = False) -> Iterator[int]:
        folder = os.dup(self.descriptor)
        try:
            for step in steps[:-1]:
                folder = self._enter(folder, step, create)
            yield folder
        finally:
            os.close(folder)

    def _enter(self, folder: int, step: str, create: bool) -> int:
        """Opens the folder `step` in `folder`, which is closed; returns the new descriptor."""
        made = False
        if create:
            try:
                os.mkdir(step, 0o700, dir_fd=folder)
                made = True
            except FileExistsError:
                made = False  # whatever it is, opening it decides
            except OSError as error:
                raise _refused(error) from error
        try:
            child = os.open(step, FOLDER_FLAGS, dir_fd=folder)
            if made:
                self._sharing.give(child, self._sharing.data_folder)
        except FileNotFoundError:
            raise not_found() from None
        except PermissionError:
            raise not_regular("a folder on the way may not be entered") from None
        except OSError as error:
            raise invalid_path("a step on the way is a link or not a folder") from error
        os.close(folder)
        return child

    def open_upload(self, path: str) -> Upload:
        """Begins a file, making the folders on its way."""
        steps = split_path(path)
        with self._folder_of(steps, create=True) as folder:
            own = os.dup(folder)
            try:
                return Upload(own, steps[-1], self._sharing)
            except OSError as error:
                os.close(own)
                raise _refused(error) from error

    def open_file(self, path: str, kernel_uid: int | None) -> tuple[int, FileStamp]:
        """Opens a regular file for reading, or the one to which a link leads; the caller closes the descriptor."""
        for _ in range(MAX_LINKS):
            target = self._link_target(path)
            if target is None:
                return self._open_regular(path, kernel_uid)
            path = target
        raise not_regular("a link of links of links")

    def _link_target(self, path: str) -> str | None:
        """Where the link at `path` leads within the folder; None for what is no such link."""
        steps = split_path(path)
        with self._folder_of(steps) as folder:
            try:
                target = os.readlink(steps[-1], dir_fd=folder)
            except OSError:
                return None
        return link_target(str(self.root), path, target)

    def _open_regular(self, path: str, kernel_uid: int | None) -> tuple[int, FileStamp]:
        steps = split_path(path)
        with self._folder_of(steps) as folder:
            try:
                # Non-blocking: a pipe in the place of the file must not hold us up.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
                file = os.open(steps[-1], flags, dir_fd=folder)
            except FileNotFoundError:
                raise not_found() from None
            except OSError as error:
                raise not_regular("only regular files can be read") from error
        status = os.fstat(file)
        # A hard link made by the kernel's code could name a file outside that only we may read; its own
        # files, and those that it may read as well, it may link as it likes.
        readable = status.st_mode & (0o040 if self._sharing.is_shared(status) else 0o004)
        foreign = status.st_nlink > 1 and status.st_uid not in (kernel_uid, None) and not readable
        if not stat.S_ISREG(status.st_mode) or foreign:
            os.close(file)
            raise not_regular("only regular files can be read")
        return file, FileStamp(status.st_size, status.st_mtime_ns, status.st_ino)

    def delete(self, path: str) -> None:
        """Removes a file or a link, never a folder."""
        steps = split_path(path)
        with self._folder_of(steps) as folder:
            try:
                os.unlink(steps[-1], dir_fd=folder)
            except FileNotFoundError:
                raise not_found() from None
            except (IsADirectoryError, PermissionError) as error:
                raise not_regular("only files can be deleted") from error
