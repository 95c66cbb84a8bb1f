"""Accepts executions one at a time, and tells each one's story from `started` to `done`."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from .attempt import Attempt
from .config import Limits
from .disk import Disk
from .errors import AgentError, KernelUnavailable
from .executions import Execution, ExecutionLog
from .keeper import KernelKeeper
from .kernel import Kernel
from .known_files import KnownFiles
from .snapshots import Snapshot, listing, within_bounds

log = logging.getLogger("agent")


class Runner:
    """Runs code, refuses a second execution while one runs, remembers the last ones."""

    def __init__(self, keeper: KernelKeeper, disk: Disk, limits: Limits) -> None:
        self.log = ExecutionLog()
        self.known_files = KnownFiles()
        self._keeper = keeper
        self._disk = disk
        self._limits = limits
        self._running: Execution | None = None
        self._stop: asyncio.Future[str] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self._running is not None

    def execute(self, execution_id: str, code: str, timeout_s: float) -> Execution:
        """Begins an execution, or returns the remembered one with this id; raises busy."""
        known = self.log.get(execution_id)
        if known is not None:
            return known
        if self._running is not None:
            raise AgentError(409, "busy", "another execution runs")
        execution = Execution(execution_id)
        self.log.add(execution)
        self._running = execution
        self._stop = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(execution, self._stop, code, timeout_s))
        return execution

    def interrupt(self, execution_id: str | None) -> bool:
        """Asks the running execution to stop; False when there is none, or another one."""
        if self._running is None or execution_id not in (None, self._running.id):
            return False
        return self._request_stop("interrupted")

    def _request_stop(self, reason: str) -> bool:
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(reason)
        return True

    async def restart(self) -> int:
        """A new kernel, whatever runs; returns its generation once it is ready."""
        before = self._keeper.generation
        if self._running is not None and self._task is not None:
            self._request_stop("requested")
            await asyncio.wait({self._task})
        if self._keeper.generation == before:
            # Nothing ran, or it ended by itself in the meantime.
            await self._keeper.replace()
        await self._keeper.ready()
        return self._keeper.generation

    async def _run(self, execution: Execution, stop: "asyncio.Future[str]", code: str, timeout_s: float) -> None:
        outcome = Outcome()
        try:
            kernel = await self._kernel_unless(stop)
            if kernel is None:
                outcome.status = "interrupted"  # before it began: nothing has run
                return
            execution.emit("started", execution_id=execution.id, generation=self._keeper.generation)
            before = await self._disk.look()
            outcome.started = time.monotonic()
            attempt = Attempt(kernel, self._keeper, execution, stop, self._limits)
            try:
                outcome.status = await attempt.run(code, timeout_s, self._disk, before)
            finally:
                outcome.ended = time.monotonic()
                self.known_files.look_begins()
                after = await self._disk.look()
                outcome.tell_files(after, *self.known_files.news(before, after))
        except KernelUnavailable as error:
            execution.emit("error", ename="KernelUnavailable", evalue=str(error), traceback=str(error))
        except Exception:
            # Whatever it was, readers must see an end, and the next execution must be possible.
            log.exception("an execution failed in the agent")
            message = "the session's agent failed"
            execution.emit("error", ename="AgentFailure", evalue=message, traceback=message)
        finally:
            self._keeper.reap()
            self._running = None
            execution.emit("done", **outcome.fields())

    async def _kernel_unless(self, stop: "asyncio.Future[str]") -> Kernel | None:
        """The kernel, once it is warm; None when the execution is to stop before that."""
        ready = asyncio.create_task(self._keeper.ready())
        either: set[asyncio.Future[Any]] = {ready, stop}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return ready.result()
        ready.cancel()
        return None


@dataclass
class Outcome:
    """What the `done` line says. `ms` counts from the sending of the code, not from the wait for a kernel."""

    status: str = "kernel_died"
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    files: list[dict[str, str | int]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    more: bool = False

    def tell_files(self, after: Snapshot, changed: list[str], deleted: list[str]) -> None:
        self.files, self.deleted = listing(after, changed), within_bounds(deleted)
        self.more = len(self.files) < len(changed) or len(self.deleted) < len(deleted) or after.overflow

    def fields(self) -> dict[str, Any]:
        ms = round(((self.ended or time.monotonic()) - self.started) * 1000)
        more = {"more": True} if self.more else {}
        return {"status": self.status, "ms": ms, "files": self.files, "deleted": self.deleted, **more}
