"""Space of the session: what the data folder and the scratch folder hold, and the end of code that takes more."""

import asyncio
import os
import time
from pathlib import Path

from .files import Workspace
from .processes import KernelUser
from .snapshots import MAX_ENTRIES, Snapshot, take_snapshot

WATCH_S = 0.5
# Looking at a folder with very many files must not take the processor from the code that runs.
SHARE_OF_TIME = 8


class Disk:
    """Looks at the folders that the kernel's code may fill."""

    def __init__(self, workspace: Workspace, scratch: Path, user: KernelUser, limit_bytes: int) -> None:
        self._workspace = workspace
        self._scratch = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._scratch_path = scratch
        self._user = user
        self.limit_bytes = limit_bytes

    async def look(self) -> Snapshot:
        """The data folder, with what the kernel's user keeps to itself opened to us."""
        return await self._look(self._workspace.descriptor, self._workspace.root)

    async def _look(self, descriptor: int, path: Path) -> Snapshot:
        snapshot = await asyncio.to_thread(take_snapshot, descriptor)
        if snapshot.closed_to_us and self._user.separate:
            # Private files (mode 0600) of the kernel's user are results too. That user opens them itself, so
            # that no link can make us touch anything of ours.
            await self._user.run("/bin/chmod", "-R", "g+rwX", "--", str(path))
            snapshot = await asyncio.to_thread(take_snapshot, descriptor)
        return snapshot

    async def until_full(self, before: Snapshot) -> str:
        """Returns, with a message, when the code that runs takes too much; what was there it may keep."""
        data_limit = max(self.limit_bytes, before.used_bytes)
        scratch_limit = max(self.limit_bytes, (await self._look_at_scratch()).used_bytes)
        while True:
            started = time.monotonic()
            for snapshot, limit, path in (
                (await self.look(), data_limit, self._workspace.root),
                (await self._look_at_scratch(), scratch_limit, self._scratch_path),
            ):
                if snapshot.used_bytes > limit:
                    return f"No space left: {path} may hold {self.limit_bytes} bytes"
                if snapshot.overflow and not before.overflow:
                    return f"No space left: {path} may hold {MAX_ENTRIES} files, in folders of moderate depth"
            await asyncio.sleep(max(WATCH_S, SHARE_OF_TIME * (time.monotonic() - started)))

    async def _look_at_scratch(self) -> Snapshot:
        return await self._look(self._scratch, self._scratch_path)
