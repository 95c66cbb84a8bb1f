"""Keeps a kernel available: the first one, and a new one after every death."""

import asyncio
import logging
from collections.abc import Callable

from .config import Config
from .errors import KernelUnavailable
from .kernel import Kernel
from .launch import Folders
from .processes import KernelUser, reap_orphans

log = logging.getLogger("agent")


class KernelKeeper:
    """Owner of the current kernel. `generation` counts kernels since boot, beginning with 1."""

    def __init__(self, config: Config, folders: Folders, user: KernelUser, on_fatal: Callable[[], None]) -> None:
        self.generation = 0
        self.failure: str | None = None
        self._config = config
        self._folders = folders
        self._user = user
        self._on_fatal = on_fatal
        self._tasks: set[asyncio.Task[None]] = set()
        self._kernel: Kernel | None = None
        self._starting: asyncio.Task[Kernel] | None = None
        self._closed = False
        # Held while one kernel gives way to the next.
        self._changing = asyncio.Lock()

    def start(self) -> None:
        """Begins to start the next kernel; `ready` waits for it."""
        self._kernel = None
        self.generation += 1
        self.failure = None
        self._starting = asyncio.create_task(self._start(self.generation))
        # The failure is reported by whoever waits, and by /healthz when nobody does.
        self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _start(self, generation: int) -> Kernel:
        try:
            kernel = await Kernel.launch(self._config, self._folders, self._user, generation)
        except KernelUnavailable as error:
            self.failure = str(error)
            log.error("kernel %d: %s", generation, error)
            raise
        self._kernel = kernel
        watcher = asyncio.create_task(self._replace_when_it_dies(kernel))
        self._tasks.add(watcher)
        watcher.add_done_callback(self._tasks.discard)
        return kernel

    async def _replace_when_it_dies(self, kernel: Kernel) -> None:
        await kernel.ended.wait()
        try:
            await self.replace_dead(kernel)
        except KernelUnavailable as error:
            log.error("%s", error)

    @property
    def ready_now(self) -> bool:
        return self._kernel is not None

    def kernel_uid(self) -> int | None:
        """The uid under which the kernel runs, if it runs."""
        return self._kernel.uid() if self._kernel else None

    async def ready(self) -> Kernel:
        """The kernel, once it is warm; a failed start is tried once more. Raises KernelUnavailable."""
        kernel = self._kernel
        if kernel is not None and kernel.ended.is_set():
            await self.replace_dead(kernel)
        async with self._changing:
            if self.failure is not None:
                self.start()
            starting = self._starting
        assert starting is not None
        return await asyncio.shield(starting)

    async def replace(self) -> int:
        """Ends the kernel with all its processes, begins a new one, and returns its generation."""
        async with self._changing:
            return await self._replace()

    async def replace_dead(self, kernel: Kernel) -> int:
        """Replaces a kernel that ended by itself, unless that has been done; returns the generation."""
        async with self._changing:
            if self._kernel is kernel and not self._closed:
                # What it said before it died may still be on its way.
                await kernel.channels.quiet()
                await self._replace()
            return self.generation

    async def _replace(self) -> int:
        await self._end()
        self.start()
        return self.generation

    async def _end(self) -> None:
        """Leaves no process of any kernel; raises KernelUnavailable, after the alarm, when that fails."""
        if self._closed:
            raise KernelUnavailable("the agent ends")
        kernel, starting = self._kernel, self._starting
        self._kernel = None
        try:
            if starting is not None and not starting.done():
                starting.cancel()
                await asyncio.wait({starting})
            if kernel is not None:
                await kernel.kill()
            if not await self._user.kill_everything(None):
                raise KernelUnavailable("processes of the kernel could not be ended")
        except KernelUnavailable:
            # Code that nobody can stop: the end of the agent is the end of its container.
            self._on_fatal()
            raise
        reap_orphans(None)

    async def close(self) -> None:
        """Ends the kernel and starts no other."""
        async with self._changing:
            await self._end()
            self._closed = True

    def reap(self) -> None:
        """Collects orphans that the kernel's code left behind."""
        reap_orphans(self._kernel.process.pid if self._kernel else None)
