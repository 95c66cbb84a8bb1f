"""Runs one execution at a time: sends the code, enforces the limits, and tells the story in lines."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from .config import Config
from .errors import AgentError, KernelUnavailable
from .executions import Execution, ExecutionLog
from .files import Workspace
from .kernel import Kernel
from .keeper import KernelKeeper
from .outputs import OutputCollector
from .processes import KernelUser
from .snapshots import Snapshot, changes

GRACE_S = 5.0
SIGNAL_AGAIN_S = 1.0
WATCH_S = 0.5
LATE_OUTPUT_S = 1.0


@dataclass
class Running:
    """The execution in progress. `stop` is resolved with the reason when it must end early."""

    execution: Execution
    code: str
    timeout_s: float
    stop: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def request_stop(self, reason: str) -> None:
        if not self.stop.done():
            self.stop.set_result(reason)


class Runner:
    """Accepts executions, refuses a second one while one runs, remembers the last ones."""

    def __init__(self, config: Config, keeper: KernelKeeper, workspace: Workspace, user: KernelUser) -> None:
        self.log = ExecutionLog()
        self._config = config
        self._keeper = keeper
        self._workspace = workspace
        self._user = user
        self._running: Running | None = None
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
        self._running = Running(execution, code, timeout_s)
        self._task = asyncio.create_task(self._run(self._running))
        return execution

    def interrupt(self, execution_id: str | None) -> bool:
        """Asks the running execution to stop; False when there is none, or another one."""
        if self._running is None or execution_id not in (None, self._running.execution.id):
            return False
        self._running.request_stop("interrupted")
        return True

    async def restart(self) -> int:
        """A new kernel, whatever runs; returns its generation once it is ready."""
        if self._running is not None and self._task is not None:
            self._running.request_stop("requested")
            await asyncio.wait({self._task})
        else:
            await self._keeper.replace()
        await self._keeper.ready()
        return self._keeper.generation

    async def _run(self, running: Running) -> None:
        execution = running.execution
        started = time.monotonic()
        before: Snapshot | None = None
        try:
            kernel = await self._keeper.ready()
            execution.emit("started", execution_id=execution.id, generation=self._keeper.generation)
            before = await self._look()
            started = time.monotonic()
            status = await self._run_in(kernel, running, before)
        except KernelUnavailable as error:
            execution.emit("error", ename="KernelUnavailable", evalue=str(error), traceback=str(error))
            status = "kernel_died"
        elapsed = round((time.monotonic() - started) * 1000)
        files, deleted = changes(before, await self._look()) if before else ([], [])
        self._keeper.reap()
        self._running = None
        execution.emit("done", status=status, ms=elapsed, files=files, deleted=deleted)

    async def _look(self) -> Snapshot:
        snapshot = await asyncio.to_thread(self._workspace.snapshot)
        if snapshot.closed_to_us and self._user.separate:
            # Private files (mode 0600) of the kernel's user are results too. It opens them itself, so that
            # no link can make us touch anything of ours.
            await self._user.run("/bin/chmod", "-R", "g+rwX", "--", str(self._workspace.root))
            snapshot = await asyncio.to_thread(self._workspace.snapshot)
        return snapshot

    async def _run_in(self, kernel: Kernel, running: Running, before: Snapshot) -> str:
        collector = OutputCollector(running.execution, self._config.limits.output_bytes)
        request = kernel.channels.execute_request(running.code)
        reply = kernel.channels.send(request, collector.take)
        completion = asyncio.create_task(_completion(reply, collector))
        ended = asyncio.create_task(kernel.ended.wait())
        watch = asyncio.create_task(self._watch_disk(running, before))
        try:
            await asyncio.wait(
                {completion, ended, running.stop}, timeout=running.timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if completion.done():
                return "ok" if completion.result().get("status") == "ok" else "error"
            if ended.done():
                collector.flush()
                return await self._after_death(running.execution, kernel)
            reason = running.stop.result() if running.stop.done() else "timeout"
            return await self._stop(kernel, running.execution, collector, completion, ended, reason)
        finally:
            for task in (completion, ended, watch):
                task.cancel()
            kernel.channels.forget(request)

    async def _stop(
        self,
        kernel: Kernel,
        execution: Execution,
        collector: OutputCollector,
        completion: "asyncio.Task[dict[str, Any]]",
        ended: "asyncio.Task[bool]",
        reason: str,
    ) -> str:
        """SIGINT, some grace, SIGKILL; at once SIGKILL for a restart."""
        status = {"timeout": "timeout", "disk_full": "error"}.get(reason, "interrupted")
        if reason == "disk_full":
            limit = self._config.limits.data_bytes
            message = f"{self._workspace.root} is full: it may hold {limit} bytes"
            collector.flush()
            collector.error("DiskFull", message, f"DiskFull: {message}")
        give_up = time.monotonic() + (0 if reason == "requested" else GRACE_S)
        while time.monotonic() < give_up and not completion.done() and not ended.done():
            # Again and again: os.system() and others use up one signal and carry on.
            await kernel.interrupt()
            pause = min(SIGNAL_AGAIN_S, max(0, give_up - time.monotonic()))
            await asyncio.wait({completion, ended}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        collector.flush()
        if completion.done():
            return status
        if ended.done():
            return await self._after_death(execution, kernel)
        generation = await self._keeper.replace()
        cause = "timeout" if reason == "timeout" else "requested"
        execution.emit("kernel_restarted", reason=cause, generation=generation)
        return status

    async def _after_death(self, execution: Execution, kernel: Kernel) -> str:
        # replace() also ends what the dead kernel left running.
        generation = await self._keeper.replace_dead(kernel)
        execution.emit("kernel_restarted", reason=kernel.death_reason, generation=generation)
        return "kernel_died"

    async def _watch_disk(self, running: Running, before: Snapshot) -> None:
        """Stops the execution when the data folder grows beyond its limit; what was there may be deleted."""
        limit = max(self._config.limits.data_bytes, before.used_bytes)
        while not running.stop.done():
            await asyncio.sleep(WATCH_S)
            self._keeper.reap()
            snapshot = await asyncio.to_thread(self._workspace.snapshot)
            if snapshot.used_bytes > limit:
                running.request_stop("disk_full")


async def _completion(reply: "asyncio.Future[dict[str, Any]]", collector: OutputCollector) -> dict[str, Any]:
    """The reply, once all that was published before it has arrived."""
    content = await reply
    try:
        await asyncio.wait_for(collector.idle.wait(), LATE_OUTPUT_S)
    except asyncio.TimeoutError:
        # A message was too large to be taken, and the end of the output was lost with it.
        collector.flush()
        collector.truncate()
    return content
