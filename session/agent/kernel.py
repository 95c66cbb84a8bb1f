"""One kernel process: started, asked to run code, interrupted, killed. It is replaced, never restarted."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

from .channels import Channels
from .config import Config
from .errors import KernelUnavailable
from .launch import Folders, kernel_command, kernel_settings
from .processes import KernelUser

START_TIMEOUT_S = 60.0
STDERR_TAIL_BYTES = 4096
LOOK_S = 0.2
EMPTY_S = 1.0


class Kernel:
    """A running kernel with its channels; `ended` is set once its process is gone."""

    def __init__(
        self, process: asyncio.subprocess.Process, channels: Channels, folder: Path, home: Path, user: KernelUser
    ) -> None:
        self.process = process
        self.channels = channels
        self.ended = asyncio.Event()
        self.killed_by_us = False
        self._folder = folder
        self._home = home
        self._user = user
        self._stderr_tail = b""
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._drain_stderr())]

    @classmethod
    async def launch(cls, config: Config, folders: Folders, user: KernelUser, generation: int) -> "Kernel":
        """Starts a kernel and waits until it is warm; raises KernelUnavailable."""
        home = await _home_for(folders, user)
        folder = folders.new_socket_folder(generation)
        channels = Channels(folder)
        try:
            process = await asyncio.create_subprocess_exec(
                *kernel_command(config, folders, home),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                cwd="/",
                env={"PATH": os.defpath},
            )
        except OSError as error:
            channels.close()
            raise KernelUnavailable(f"the kernel's program could not be started: {error}") from error
        kernel = cls(process, channels, folder, home, user)
        try:
            settings = kernel_settings(config, channels.connection_info())
            await asyncio.wait_for(kernel._become_ready(settings), START_TIMEOUT_S)
        except (asyncio.TimeoutError, KernelUnavailable) as error:
            await kernel.kill()
            raise KernelUnavailable(str(error) or f"the kernel was not ready after {START_TIMEOUT_S:.0f} s") from None
        except asyncio.CancelledError:
            await kernel.kill()
            raise
        return kernel

    async def _become_ready(self, settings: bytes) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        # It stays open: its end tells the kernel that the agent is gone.
        self.process.stdin.write(settings)
        if await self.process.stdout.readline() != b"ready\n":
            await asyncio.wait_for(self.ended.wait(), 5)
            raise KernelUnavailable(f"the kernel ended while it started: {self.stderr_tail()}")
        self._tasks.append(asyncio.create_task(self._drain_stdout()))
        await self.channels.handshake()

    async def _watch(self) -> None:
        # `wait` comes back only when the pipes are closed, too, which a fork of the kernel may hold:
        # https://github.com/python/cpython/issues/119710
        waiting = asyncio.create_task(self.process.wait())
        while self.process.returncode is None:
            await asyncio.wait({waiting}, timeout=LOOK_S)
        self.ended.set()
        waiting.cancel()

    async def _drain_stdout(self) -> None:
        # Of no interest after the line that says ready; code that finds a way to write there must not block.
        assert self.process.stdout is not None
        while await self.process.stdout.read(65536):
            continue

    async def _drain_stderr(self) -> None:
        # Read for ever, or a kernel that writes to it would block; kept only for the message of a failed start.
        assert self.process.stderr is not None
        while chunk := await self.process.stderr.read(65536):
            self._stderr_tail = (self._stderr_tail + chunk)[-STDERR_TAIL_BYTES:]

    def stderr_tail(self) -> str:
        """The last that the kernel's process wrote to its real stderr."""
        return self._stderr_tail.decode("utf-8", "replace").strip() or "it wrote nothing"

    @property
    def death_reason(self) -> str:
        """Why a kernel ended that we did not kill; the system's own SIGKILL means that memory ran out."""
        return "out_of_memory" if self.process.returncode == -signal.SIGKILL else "died"

    def uid(self) -> int | None:
        """The uid of the running kernel, or None when it is gone."""
        if not self._user.separate:
            return os.geteuid()
        try:
            return os.stat(f"/proc/{self.process.pid}").st_uid
        except OSError:
            return None

    async def interrupt(self) -> None:
        """Ctrl-C for the kernel and the programs it started."""
        if not self.ended.is_set():
            await self._user.interrupt_group(self.process.pid)

    async def kill(self) -> None:
        """Ends the kernel and everything it started; raises KernelUnavailable when that fails."""
        self.killed_by_us = True
        killed = await self._user.kill_everything(self.process.pid)
        try:
            await asyncio.wait_for(self.ended.wait(), 10 if killed else 0.5)
        except asyncio.TimeoutError:
            killed = False
        self.channels.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        for task in self._tasks:
            task.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)
        await _empty(self._home, self._user)
        shutil.rmtree(self._home, ignore_errors=True)
        if not killed:
            raise KernelUnavailable("processes of the kernel could not be ended")


async def _home_for(folders: Folders, user: KernelUser) -> Path:
    """A fresh home; where code has filled the scratch space, that is emptied first. Raises KernelUnavailable."""
    try:
        return folders.new_home()
    except OSError:
        await _empty(folders.scratch, user)
    try:
        return folders.new_home()
    except OSError as error:
        raise KernelUnavailable(f"there is no room for a kernel: {error}") from error


async def _empty(folder: Path, user: KernelUser) -> None:
    # As the kernel's user, whose files they are. What takes longer is left: it is in nobody's way.
    await user.run("/usr/bin/find", str(folder), "-xdev", "-mindepth", "1", "-delete", timeout_s=EMPTY_S)
