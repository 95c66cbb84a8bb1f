"""Executions as numbered lines that can be read again, and the memory of the last of them."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

REMEMBERED = 32
REMEMBERED_BYTES = 128 * 1024 * 1024
HEARTBEAT_S = 10.0
HEARTBEAT = b'{"type": "heartbeat"}\n'


class Execution:
    """The lines of one execution. Any number of readers may follow it; none of them can hold it up."""

    def __init__(self, execution_id: str) -> None:
        self.id = execution_id
        self.lines: list[bytes] = []
        self.size = 0
        self.finished = False
        self._changed = asyncio.Event()

    def emit(self, kind: str, **fields: Any) -> None:
        """Appends a line; `done` must be the last one."""
        line = json.dumps({"n": len(self.lines), "type": kind, **fields}).encode() + b"\n"
        self.lines.append(line)
        self.size += len(line)
        self.finished = kind == "done"
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def follow(self, position: int) -> AsyncIterator[bytes]:
        """Yields the lines from `position` on until `done`, with heartbeats while nothing happens."""
        while True:
            while position < len(self.lines):
                # A few lines at a time: one write for many small lines, bounded memory for big ones.
                batch = [self.lines[position]]
                position += 1
                while position < len(self.lines) and sum(map(len, batch)) < 65536:
                    batch.append(self.lines[position])
                    position += 1
                yield b"".join(batch)
            if self.finished:
                return
            try:
                await asyncio.wait_for(self._changed.wait(), HEARTBEAT_S)
            except asyncio.TimeoutError:
                yield HEARTBEAT


class ExecutionLog:
    """Remembers the last executions by id, within a bound on their memory."""

    def __init__(self) -> None:
        self._executions: OrderedDict[str, Execution] = OrderedDict()

    def get(self, execution_id: str) -> Execution | None:
        return self._executions.get(execution_id)

    def add(self, execution: Execution) -> None:
        """Remembers `execution` and forgets the oldest finished ones that no longer fit."""
        self._executions[execution.id] = execution
        for old in list(self._executions.values()):
            total = sum(each.size for each in self._executions.values())
            if len(self._executions) <= REMEMBERED and total <= REMEMBERED_BYTES:
                return
            if old.finished:
                del self._executions[old.id]
