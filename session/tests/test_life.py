"""The agent's own life: it waits to be claimed, admits those who have its token, and leaves nothing when it ends."""

import signal
import time
import unittest

from support import PATIENCE_S, TOKEN, Agent, is_alive, wait_until


class EndOfTheAgent(unittest.TestCase):
    def _end(self, agent, code=0):
        self.addCleanup(agent.stop)
        self.assertEqual(agent.process.wait(PATIENCE_S), code, agent.log_text())

    def _assert_gone(self, pids):
        wait_until(lambda: not any(is_alive(pid) for pid in pids), f"the end of {pids}", 10)

    def test_it_ends_at_its_deadline_with_code_0_and_leaves_nothing(self):
        agent = Agent().wait_ready()
        reader = agent.start("import subprocess\nsubprocess.Popen(['setsid', 'sleep', '1000'])\nwhile True: pass")
        next(reader)
        pids = wait_until(lambda: len(found := agent.children()) >= 2 and found, "the child process")
        # Only now: however slow the machine is, it comes in the middle of the code.
        (agent.config / "deadline").write_text(str(time.time() + 0.5))
        self._end(agent)
        self._assert_gone(pids)
        self.assertEqual([path.name for path in agent.folder.glob("hourglass-*")], [])

    def test_a_deadline_in_the_past_ends_it_at_once(self):
        self._end(Agent(AGENT_DEADLINE="1000"))

    def test_the_signal_to_end(self):
        agent = Agent().wait_ready()
        pids = agent.children()
        agent.process.send_signal(signal.SIGTERM)
        self._end(agent)
        self._assert_gone(pids)

    def test_the_call_to_end(self):
        agent = Agent().wait_ready()
        self.assertEqual(agent.call("POST", "/v1/shutdown").status, 202)
        self._end(agent)

    def test_a_killed_agent_takes_its_kernel_along(self):
        agent = Agent().wait_ready()
        pids = agent.children()
        self.assertTrue(pids)
        agent.process.kill()
        self._end(agent, -signal.SIGKILL)
        self._assert_gone(pids)

    def test_an_agent_that_nobody_claims_ends(self):
        self._end(Agent(AGENT_TOKEN=None, AGENT_UNCLAIMED_TTL_S="1"))

    def test_settings_that_make_no_sense_are_named(self):
        for name, value in (
            ("AGENT_MEMORY_BYTES", "much"),
            ("AGENT_DATA_DIR", "relative"),
            ("AGENT_DEADLINE", "noon"),
            ("AGENT_RUN_AS", "/bin/false --"),
        ):
            agent = Agent(**{name: value})
            self._end(agent, 2)
            self.assertIn(name if name != "AGENT_DEADLINE" else "deadline", agent.log_text())


class TokenAndClaim(unittest.TestCase):
    def test_nobody_is_admitted_without_the_token(self):
        agent = Agent()
        self.addCleanup(agent.stop)
        agent.wait_ready()
        for token in (None, "", "wrong", TOKEN + "x", TOKEN[:-1], "\u00e9"):
            for method, path in (
                ("GET", "/v1/files"),
                ("POST", "/v1/execute"),
                ("PUT", "/v1/files/x"),
                ("GET", "/v1/nothing"),
            ):
                answer = agent.call(
                    method, path, b"{}", headers={"authorization": f"Bearer {token}"} if token else {}, token=None
                )
                self.assertEqual((answer.status, answer.code), (401, "unauthorized"), (token, path))
        self.assertEqual(list(agent.data.iterdir()), [])
        self.assertNotIn(TOKEN, agent.log_text())

    def test_a_claim_may_arrive_after_the_start(self):
        agent = Agent(AGENT_TOKEN=None)
        self.addCleanup(agent.stop)
        agent.wait_ready()
        health = agent.health()
        self.assertEqual((health["claimed"], health["deadline"]), (False, None))
        self.assertEqual(agent.call("GET", "/v1/files").status, 401)
        (agent.config / "deadline").write_text(f"{time.time() + 1000:.0f}\n")
        (agent.config / "token").write_text(TOKEN + "\n")
        self.assertEqual(agent.call("GET", "/v1/files").status, 200)
        self.assertTrue(agent.health()["deadline"] > time.time())
        (agent.config / "deadline").write_text("1000")
        self.assertEqual(agent.process.wait(PATIENCE_S), 0)

    def test_health_says_what_a_backend_needs(self):
        agent = Agent(AGENT_DEADLINE="99999999999")
        self.addCleanup(agent.stop)
        agent.wait_ready()
        health = agent.health()
        self.assertEqual(set(health), {"state", "boot_id", "generation", "deadline", "claimed"})
        self.assertEqual((health["generation"], health["claimed"], health["deadline"]), (1, True, 99999999999))


if __name__ == "__main__":
    unittest.main()
