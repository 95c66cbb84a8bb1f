"""Acting on the kernel's processes: signals, the killing of all of them, and the burial of orphans."""

import asyncio
import ctypes
import os
import signal
import sys

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
_helpers = 0


def protect_this_process() -> None:
    """Hides this process's memory and environment from others of its uid; adopts orphans of the kernel."""
    if sys.platform != "linux":
        return  # a developer's machine, with isolation switched off
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_DUMPABLE, 0), (PR_SET_CHILD_SUBREAPER, 1)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def _descendants(root: int) -> list[int]:
    """Living processes below `root`, from /proc; zombies are left out."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc") if sys.platform == "linux" else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
            except (OSError, ValueError):
                continue  # it ended while we looked
            if state not in (b"Z", b"X"):
                parents[int(name)] = int(parent)
    found: list[int] = []
    level = {root}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        found += level
    return found


def reap_orphans(known: int | None) -> None:
    """Collects ended orphans of the kernel, which this process adopted; `known` is waited for elsewhere."""
    while _helpers == 0 and sys.platform == "linux":
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid == known:
            return
        os.waitid(os.P_PID, ended.si_pid, os.WEXITED | os.WNOHANG)


class KernelUser:
    """The identity under which kernels run: another user through a prefix command, or our own."""

    def __init__(self, run_as: tuple[str, ...]) -> None:
        self.run_as = run_as

    @property
    def separate(self) -> bool:
        return bool(self.run_as)

    async def run(self, *command: str, timeout_s: float = 10.0) -> int:
        """Runs a short command as the kernel's user and returns its exit code; 124 when it took too long."""
        global _helpers
        _helpers += 1
        try:
            process = await asyncio.create_subprocess_exec(
                *self.run_as,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                env={"PATH": os.defpath},
            )
            try:
                return await asyncio.wait_for(process.wait(), timeout_s)
            except asyncio.TimeoutError:
                return 124
        except OSError:
            return 126
        finally:
            _helpers -= 1

    async def interrupt_group(self, group: int) -> None:
        """SIGINT to the kernel and the programs it started."""
        if self.separate:
            await self.run("/bin/sh", "-c", f"kill -s INT -- -{group}")
            return
        try:
            os.killpg(group, signal.SIGINT)
        except ProcessLookupError:
            return  # it ended by itself

    async def kill_everything(self, group: int | None) -> bool:
        """SIGKILL to every process of the kernel, detached ones too; False when some could not be killed."""
        if self.separate:
            # -1 is everything that this user may signal, all at once: a fork bomb cannot run away from it.
            for _ in range(5):
                if await self.run("/bin/sh", "-c", "kill -s KILL -- -1") in (0, 1):
                    return True
                await asyncio.sleep(0.1)
            return False
        for _ in range(200):
            if group is not None:
                try:
                    os.killpg(group, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    group = None
            found = _descendants(os.getpid())
            if not found:
                return True
            for pid in found:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            await asyncio.sleep(0.01)
        return False
