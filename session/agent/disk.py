"""Space of the session: what the data folder and the scratch folder hold, and the end of code that takes more."""

import asyncio
import os
import time
from pathlib import Path

from .files import Workspace
from .processes import KernelUser
from .snapshots import MAX_COUNTED, MAX_DEPTH, MAX_ENTRIES, Snapshot, take_snapshot

WATCH_S = 0.5
# Looking at a folder with very many files must not take the processor from the code that runs.
SHARE_OF_TIME = 8
LONGEST_PAUSE_S = 4.0


class Disk:
    """Looks at the folders that the kernel's code may fill."""

    def __init__(self, workspace: Workspace, scratch: Path, user: KernelUser, limit_bytes: int) -> None:
        self._workspace = workspace
        self._scratch = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._scratch_path = scratch
        self._user = user
        self.limit_bytes = limit_bytes

    async def look(self) -> Snapshot:
        """The data folder. What the kernel's user kept to itself is opened to us: such files are results too."""
        folder = self._workspace
        snapshot = await asyncio.to_thread(take_snapshot, folder.descriptor, str(folder.root))
        if snapshot.private and await self._open_to_us(folder.root):
            return await asyncio.to_thread(take_snapshot, folder.descriptor, str(folder.root))
        return snapshot

    async def look_at_scratch(self) -> Snapshot:
        """The scratch folder; only its size is of interest."""
        return await self._measure(self._scratch, self._scratch_path)

    async def _measure(self, descriptor: int, path: Path) -> Snapshot:
        snapshot = await asyncio.to_thread(take_snapshot, descriptor, str(path))
        if snapshot.closed and await self._open_to_us(path):
            return await asyncio.to_thread(take_snapshot, descriptor, str(path))
        return snapshot

    async def _open_to_us(self, path: Path) -> bool:
        # The kernel's user does it itself, so that no link can make us touch anything of ours.
        await self._user.run("/bin/chmod", "-fR", "g+rwX" if self._user.separate else "u+rwX", "--", str(path))
        return True

    async def until_full(self, data: Snapshot, scratch: Snapshot) -> str:
        """Returns, with a message, when code takes too much; what was there at its start it may keep."""
        watched = (
            (self._workspace.descriptor, self._workspace.root, data),
            (self._scratch, self._scratch_path, scratch),
        )
        while True:
            started = time.monotonic()
            for descriptor, path, before in watched:
                now = await self._measure(descriptor, path)
                if now.used_bytes > max(self.limit_bytes, before.used_bytes):
                    return f"No space left: {path} may hold {self.limit_bytes} bytes"
                if now.entries > min(max(MAX_ENTRIES, before.entries), MAX_COUNTED):
                    return f"No space left: {path} may hold {MAX_ENTRIES} files"
                if now.deep and not before.deep:
                    return f"No space left: {path} may hold {MAX_DEPTH} folders within each other"
            pause = SHARE_OF_TIME * (time.monotonic() - started)
            await asyncio.sleep(min(max(WATCH_S, pause), LONGEST_PAUSE_S))
