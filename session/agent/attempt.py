"""One piece of code in one kernel: runs to its end, or is stopped at a limit, or dies with its kernel."""

import asyncio
import time
from typing import Any

from .channels import Channels
from .config import Limits
from .disk import Disk
from .executions import Execution
from .keeper import KernelKeeper
from .kernel import Kernel
from .outputs import OutputCollector
from .snapshots import Snapshot

SIGNAL_AGAIN_S = 1.0
LATE_S = 1.0
DISK_FULL = "disk_full: "


class Attempt:
    """`stop` is resolved with a reason: interrupted, requested (a restart), or disk_full with its message."""

    def __init__(
        self,
        kernel: Kernel,
        keeper: KernelKeeper,
        execution: Execution,
        stop: "asyncio.Future[str]",
        limits: Limits,
    ) -> None:
        self._kernel = kernel
        self._keeper = keeper
        self._execution = execution
        self._stop = stop
        self._grace_s = limits.grace_s
        self._collector = OutputCollector(execution, limits.output_bytes)

    async def run(self, code: str, timeout_s: float, disk: Disk, before: Snapshot) -> str:
        """Runs the code and returns the status for the `done` line. Raises KernelUnavailable."""
        problem = _unusable(code)
        if problem:
            self._collector.error("SyntaxError", problem, f"SyntaxError: {problem}")
            return "error"
        scratch = await disk.look_at_scratch()
        channels = self._kernel.channels
        request = channels.execute_request(code)
        completion = asyncio.create_task(self._complete(channels, request))
        ended = asyncio.create_task(self._kernel.ended.wait())
        watch = asyncio.create_task(disk.until_full(before, scratch))
        watch.add_done_callback(self._disk_is_full)
        try:
            await _first({completion, ended, self._stop}, timeout_s)
            if not completion.done() and not ended.done():
                reason = self._stop.result() if self._stop.done() else "timeout"
                return await self._end_early(reason, completion, ended)
            if completion.done():
                return completion.result()
            return await self._after_death()
        finally:
            for task in (completion, ended, watch):
                task.cancel()
            channels.forget(request)

    def _disk_is_full(self, watch: "asyncio.Task[str]") -> None:
        if not watch.cancelled() and not self._stop.done():
            self._stop.set_result(DISK_FULL + watch.result())

    async def _complete(self, channels: Channels, request: dict[str, Any]) -> str:
        """ok or error, once reply and output have both come to their end."""
        reply = channels.send(request, self._collector.take)
        idle = asyncio.create_task(self._collector.idle.wait())
        try:
            await _first({reply, idle}, None)
            # The other one follows at once, unless it was too large to be taken.
            await asyncio.wait((reply, idle), timeout=LATE_S)
            if reply.cancelled():
                return "error"  # the kernel is being ended: whoever ends it knows how to call that
            if not idle.done():
                self._collector.flush()
                self._collector.truncate()
            if not reply.done():
                if not self._collector.saw_error:
                    message = "the kernel took the code and gave no answer: it may not have run"
                    self._collector.error("NoReply", message, f"NoReply: {message}")
                return "error"
            content = reply.result()
            if content.get("status") == "ok" or _ended_itself(content):
                return "ok"
            if not self._collector.saw_error:
                self._collector.take("error", content)
            return "error"
        finally:
            idle.cancel()

    async def _end_early(self, reason: str, completion: "asyncio.Task[str]", ended: "asyncio.Task[bool]") -> str:
        """SIGINT, some grace, SIGKILL; for a restart SIGKILL at once."""
        status = "timeout" if reason == "timeout" else "interrupted"
        self._collector.flush()
        if reason.startswith(DISK_FULL):
            status = "error"
            message = reason.removeprefix(DISK_FULL)
            self._collector.error("DiskFull", message, f"DiskFull: {message}")
        give_up = time.monotonic() + (0 if reason == "requested" else self._grace_s)
        while time.monotonic() < give_up and not completion.done() and not ended.done():
            # Again and again: os.system() and others use up one signal and carry on.
            await self._kernel.interrupt()
            await _first({completion, ended}, min(SIGNAL_AGAIN_S, max(0.0, give_up - time.monotonic())))
        if completion.done():
            self._collector.flush()
            return status
        if ended.done():
            return await self._after_death()
        self._collector.flush()
        generation = await self._keeper.replace()
        cause = "timeout" if reason == "timeout" else "requested"
        self._execution.emit("kernel_restarted", reason=cause, generation=generation)
        return status

    async def _after_death(self) -> str:
        generation = await self._keeper.replace_dead(self._kernel)
        self._collector.flush()
        self._execution.emit("kernel_restarted", reason=self._kernel.death_reason, generation=generation)
        return "kernel_died"


def _ended_itself(content: dict[str, Any]) -> bool:
    """exit(), quit() and sys.exit(0) are ordinary ends of a piece of code."""
    return content.get("ename") == "SystemExit" and content.get("evalue") in ("", "0", "None")


def _unusable(code: str) -> str | None:
    """What is wrong with text that no kernel takes: it would end the request without an answer."""
    if "\0" in code:
        return "source code cannot contain null bytes; nothing was run"
    if any("\ud800" <= character <= "\udfff" for character in code):
        return "source code cannot contain half a surrogate pair; nothing was run"
    return None


async def _first(what: "set[asyncio.Future[Any]]", timeout_s: float | None) -> None:
    await asyncio.wait(what, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
