"""Executions can be followed, replayed, interrupted and limited in time; a kernel that dies is replaced."""

import time
import unittest

from support import AgentCase, wait_until

IGNORES_SIGINT = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('deaf')\nwhile True: pass"


class ReplayByExecutionId(AgentCase):
    def test_the_same_id_replays_and_does_not_run_twice(self):
        code = "count = globals().get('count', 0) + 1\nprint(count)"
        first = self.agent.run(code, execution_id="replayed")
        self.assertEqual(self.agent.run(code, execution_id="replayed").lines, first.lines)
        self.assertEqual(self.run_ok("count").result, "1")

    def test_a_second_reader_follows_to_the_end(self):
        gate = "import os, time\nprint('begun')\nwhile not os.path.exists('gate'): time.sleep(0.01)\nprint('over')"
        first = self.agent.start(gate, execution_id="followed")
        self.assertEqual(next(first)["type"], "started")
        second = self.agent.start("this is not run", execution_id="followed")
        self.assertEqual(next(second)["type"], "started")
        self.agent.file("PUT", "gate", b"")
        self.assertEqual(list(first), list(second))

    def test_a_reader_that_leaves_does_not_stop_the_code(self):
        reader = self.agent.start("left = 'behind'", execution_id="left")
        next(reader)
        reader.close()
        wait_until(lambda: self.agent.health()["state"] == "idle", "the end")
        self.assertEqual(self.run_ok("left").result, "'behind'")

    def test_lines_can_be_fetched_from_any_number_on(self):
        story = self.run_ok("1\nprint(2)\n3", execution_id="fetched")
        for position in range(len(story.lines) + 1):
            answer = self.agent.call("GET", f"/v1/executions/fetched?from={position}")
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/x-ndjson"))
            self.assertEqual(len(answer.body.splitlines()), len(story.lines) - position)
        self.assertEqual(self.agent.call("GET", "/v1/executions/fetched?from=-1").code, "invalid_request")

    def test_the_last_32_are_remembered(self):
        for number in range(33):
            self.run_ok("pass", execution_id=f"numbered-{number}")
        self.assertEqual(self.agent.call("GET", "/v1/executions/numbered-0").code, "unknown_execution")
        self.assertEqual(self.agent.call("GET", "/v1/executions/numbered-1").status, 200)

    def test_only_one_execution_runs_at_a_time(self):
        reader = self.agent.start("import time\nwhile True: time.sleep(0.01)")
        self.assertEqual(next(reader)["type"], "started")
        answer = self.agent.call("POST", "/v1/execute", {"execution_id": "second", "code": "1"})
        self.assertEqual((answer.status, answer.code), (409, "busy"))
        self.assertEqual(self.agent.call("POST", "/v1/interrupt", {}).json(), {"interrupted": True})
        self.assertEqual(list(reader)[-1]["status"], "interrupted")

    def test_requests_that_make_no_sense_are_refused(self):
        for body in (
            {"execution_id": "a"},
            {"code": "1"},
            {"execution_id": "a b", "code": "1"},
            {"execution_id": 1, "code": "1"},
            {"execution_id": "a", "code": 1},
            {"execution_id": "a", "code": "1", "timeout_s": 0},
            {"execution_id": "a", "code": "1", "timeout_s": True},
            {"execution_id": "a", "code": "1", "timeout_s": 1e9},
            b"[]",
            b"{",
            b"\xff",
            b"[" * 100_000,
        ):
            answer = self.agent.call("POST", "/v1/execute", body)
            self.assertEqual(
                (answer.status, answer.code), (400, "invalid_request"), body[:20] if isinstance(body, bytes) else body
            )
        self.assertEqual(self.agent.call("GET", "/nothing").code, "not_found")
        self.assertEqual(self.agent.call("DELETE", "/v1/execute").status, 405)


class InterruptFreesTheKernel(AgentCase):
    def _interrupt(self, code, ready="begun\n"):
        reader = self.agent.start(code, execution_id=f"interrupted-{time.monotonic_ns()}")
        lines = []
        for line in reader:
            lines.append(line)
            if line["type"] == "stream" and ready in line["text"]:
                break
        started = time.monotonic()
        self.assertEqual(self.agent.call("POST", "/v1/interrupt", {}).json(), {"interrupted": True})
        lines += list(reader)
        self.assertEqual(lines[-1]["status"], "interrupted", lines)
        return lines, time.monotonic() - started

    def test_python_code_stops_and_variables_stay(self):
        self.run_ok("kept = 5")
        lines, _ = self._interrupt("print('begun')\nwhile True: pass")
        self.assertIn("KeyboardInterrupt", [line.get("ename") for line in lines])
        self.assertEqual(self.run_ok("kept").result, "5")

    def test_programs_that_the_code_started_stop_too(self):
        self._interrupt("import subprocess\nprint('begun')\nsubprocess.run(['sleep', '1000'])")
        self._interrupt("import os\nprint('begun')\nwhile True: os.system('sleep 1000')")
        self._interrupt("print('begun')\n!sleep 1000")
        self.assertNotIn("sleep", self._names())

    def _names(self):
        names = []
        for pid in self.agent.children():
            try:
                with open(f"/proc/{pid}/comm") as file:
                    names.append(file.read().strip())
            except OSError:
                continue
        return names

    def test_code_that_ignores_the_interrupt_is_killed(self):
        lines, took = self._interrupt(IGNORES_SIGINT, ready="deaf\n")
        self.assertEqual(lines[-2]["type"], "kernel_restarted")
        self.assertEqual(lines[-2]["reason"], "requested")
        self.assertNotIn("truncated", [line["type"] for line in lines])
        self.assertLess(took, 20)
        self.assert_alive()

    def test_nothing_to_interrupt(self):
        self.assertEqual(self.agent.call("POST", "/v1/interrupt").json(), {"interrupted": False})
        reader = self.agent.start("import time\nprint('begun')\nwhile True: time.sleep(0.01)")
        next(reader)
        answer = self.agent.call("POST", "/v1/interrupt", {"execution_id": "another"})
        self.assertEqual(answer.json(), {"interrupted": False})
        self.agent.call("POST", "/v1/interrupt", {})
        self.assertEqual(list(reader)[-1]["status"], "interrupted")

    def test_a_restart_gives_a_new_kernel_even_while_code_runs(self):
        before = self.agent.health()["generation"]
        reader = self.agent.start("lost = 1\nprint('begun')\nwhile True: pass")
        next(line for line in reader if line["type"] == "stream")
        self.assertEqual(self.agent.call("POST", "/v1/restart").json(), {"generation": before + 1})
        lines = list(reader)
        self.assertEqual((lines[-2]["reason"], lines[-1]["status"]), ("requested", "interrupted"))
        self.assertEqual(self.agent.run("lost").error["ename"], "NameError")


class TimeLimit(AgentCase):
    def test_code_is_interrupted_at_its_limit_and_variables_stay(self):
        story = self.agent.run("kept = 1\nwhile True: pass", timeout_s=0.5)
        self.assertEqual((story.status, story.of("kernel_restarted")), ("timeout", []))
        self.assertGreaterEqual(story.done["ms"], 500)
        self.assertEqual(self.run_ok("kept").result, "1")

    def test_code_that_ignores_it_loses_its_kernel(self):
        before = self.agent.health()["generation"]
        story = self.agent.run(IGNORES_SIGINT, timeout_s=0.5)
        self.assertEqual(story.status, "timeout")
        self.assertEqual(story.of("kernel_restarted")[0]["reason"], "timeout")
        self.assertEqual(story.of("kernel_restarted")[0]["generation"], before + 1)
        self.assertIn("deaf", story.text())
        self.assertEqual(story.of("truncated"), [])
        after = self.run_ok("print(1)")
        self.assertEqual(after.generation, before + 1)


class KernelDeath(AgentCase):
    def _dies(self, code, reason):
        before = self.agent.health()["generation"]
        story = self.agent.run(code, timeout_s=30)
        self.assertEqual(
            (story.status, story.of("kernel_restarted")[0]["reason"]), ("kernel_died", reason), story.lines
        )
        self.assertEqual(story.of("kernel_restarted")[0]["generation"], before + 1)
        self.assertEqual(story.of("truncated"), [])
        self.assert_alive()
        return story

    def test_a_kernel_that_ends_itself_is_replaced_and_its_output_kept(self):
        story = self._dies("print('last words')\nimport os, time; time.sleep(0.5); os._exit(1)", "died")
        self.assertEqual(story.text(), "last words\n")

    def test_a_crash_in_native_code(self):
        self._dies("import ctypes; ctypes.string_at(0)", "died")

    def test_an_end_that_a_fork_survives_is_noticed(self):
        fork = "import os, time\nif os.fork() == 0:\n    time.sleep(600)\n"
        self._dies(fork + "os.kill(os.getpid(), 9)", "out_of_memory")

    def test_a_kill_by_the_system_means_out_of_memory(self):
        self._dies("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "out_of_memory")

    def test_its_files_are_reported_nevertheless(self):
        self.assertEqual(
            self._dies("open('left.txt', 'w').write('x'); import os; os._exit(1)", "died").files, ["left.txt"]
        )

    def test_death_between_executions_shows_in_the_generation(self):
        before = self.agent.health()["generation"]
        self.run_ok("import threading, os; threading.Timer(0.05, os._exit, [1]).start()")
        wait_until(lambda: self.agent.health()["generation"] == before + 1, "a new kernel")
        self.assertEqual(self.run_ok("print(1)").generation, before + 1)

    def test_processes_left_behind_end_with_their_kernel(self):
        code = (
            "import subprocess, os\n"
            "subprocess.Popen('setsid sh -c \"sleep 12345 & sleep 12345\"', shell=True)\n"
            "if os.fork() == 0:\n    os.setsid()\n"
            "    if os.fork() == 0: os.execvp('sleep', ['sleep', '12345'])\n    os._exit(0)\n"
            "print('begun')"
        )
        self.run_ok(code)
        self.agent.call("POST", "/v1/restart")
        for pid in self.agent.children():
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                self.assertNotIn(b"12345", file.read())


if __name__ == "__main__":
    unittest.main()
