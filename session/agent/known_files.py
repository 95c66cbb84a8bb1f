"""What the backend knows of the data folder: what it was told last, and what it did itself since then."""

from .snapshots import FileStamp, Snapshot, changes, is_shown


class KnownFiles:
    """Code may write between two executions, from a thread or a program of its own: that is told by the next one."""

    def __init__(self) -> None:
        self._files: dict[str, FileStamp] | None = None
        # Uploads and deletions during a look at the folder, which sees them or does not.
        self._meanwhile: dict[str, FileStamp | None] = {}

    def note(self, path: str, stamp: FileStamp | None) -> None:
        """The backend itself wrote the file, or removed it (None)."""
        if is_shown(path):
            self._meanwhile[path] = stamp
            if self._files is not None:
                _set(self._files, path, stamp)

    def look_begins(self) -> None:
        """To be called before the folder is looked at for `news`."""
        self._meanwhile.clear()

    def news(self, before: Snapshot, after: Snapshot) -> tuple[list[str], list[str]]:
        """(paths of new or changed files, deleted paths), which from now on are known."""
        for path, stamp in self._meanwhile.items():
            _set(after.files, path, stamp)
        known = before.files if self._files is None else self._files
        self._files = after.files
        return changes(known, after.files)


def _set(files: dict[str, FileStamp], path: str, stamp: FileStamp | None) -> None:
    if stamp is None:
        files.pop(path, None)
    else:
        files[path] = stamp
