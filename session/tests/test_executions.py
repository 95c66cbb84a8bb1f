"""The memory of executions, without a kernel: heartbeats while nothing happens, and bounds."""

import asyncio
import json
import sys
import unittest
from unittest import mock

from support import SESSION

sys.path.insert(0, str(SESSION))
from agent import executions


class RememberedExecutions(unittest.TestCase):
    def test_a_reader_gets_heartbeats_while_nothing_happens_and_then_the_end(self):
        async def story():
            execution = executions.Execution("quiet")
            reader = execution.follow(0)
            beats = [json.loads(await anext(reader)) for _ in range(2)]
            execution.emit("done", status="ok")
            return beats, [line async for line in reader], execution.lines

        with mock.patch.object(executions, "HEARTBEAT_S", 0.01):
            beats, rest, lines = asyncio.run(story())
        self.assertEqual(beats, [{"type": "heartbeat"}] * 2)
        self.assertEqual([line for line in rest if b"heartbeat" not in line], lines)

    def test_large_ones_are_forgotten_earlier_but_never_the_latest_or_a_running_one(self):
        log = executions.ExecutionLog()
        with mock.patch.object(executions, "REMEMBERED_BYTES", 1000):
            for name in ("first", "second", "third"):
                execution = executions.Execution(name)
                log.add(execution)
                execution.emit("stream", text="x" * 600)
                if name != "second":
                    execution.emit("done")
            self.assertIsNone(log.get("first"))
            self.assertIsNotNone(log.get("second"))
            self.assertIsNotNone(log.get("third"))


if __name__ == "__main__":
    unittest.main()
