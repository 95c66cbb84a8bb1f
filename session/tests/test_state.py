"""State survives from one execution to the next, and nothing else is in the user's way."""

import time
import unittest

from support import AgentCase


class StateSurvives(AgentCase):
    settings = {"AGENT_WARM_MODULES": None}

    def test_variables_functions_and_imports_stay(self):
        self.run_ok("import math\nx = 40\ndef f(y): return x + y")
        self.assertEqual(self.run_ok("f(2), math.floor(1.5)").result, "(42, 1)")

    def test_the_last_result_is_kept(self):
        self.run_ok("20 + 1")
        self.assertEqual(self.run_ok("_ * 2").result, "42")

    def test_top_level_await_works(self):
        self.assertEqual(self.run_ok("import asyncio\nawait asyncio.sleep(0, 7)").result, "7")

    def test_the_working_directory_is_the_data_folder(self):
        self.assertEqual(self.run_ok("import os; print(os.getcwd())").text().strip(), str(self.agent.data))

    def test_warm_libraries_leave_no_name_behind(self):
        # Some versions of IPython bring an `open` of their own.
        names = "[n for n in dir() if not n.startswith('_') and n != 'open']"
        answer = self.agent.call("POST", "/v1/restart")
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.run_ok(names).result, "['In', 'Out', 'exit', 'get_ipython', 'quit']")
        self.assertEqual(self.run_ok("import sys; sys.argv").result, "['']")
        self.assertEqual(self.run_ok("'pandas' in sys.modules and 'matplotlib.pyplot' in sys.modules").result, "True")

    def test_modules_of_the_user_can_be_imported_but_do_not_replace_libraries(self):
        self.run_ok("open('helper_of_mine.py', 'w').write('answer = 42'); open('random.py', 'w').write('1/0')")
        self.agent.call("POST", "/v1/restart")
        self.assertEqual(self.run_ok("import helper_of_mine, random; helper_of_mine.answer").result, "42")

    def test_what_a_kernel_left_in_its_home_does_not_run_in_the_next(self):
        homes = [self.run_ok("import os; print(os.environ['HOME'])").text()]
        for line in ("while True: pass", "import time; time.sleep(600)", "import os; os._exit(1)"):
            self.run_ok(
                "import os, pathlib\n"
                "for folder in ('ipython/profile_default/startup', 'jupyter', 'config', 'config/matplotlib'):\n"
                "    path = pathlib.Path(os.environ['HOME'], folder); path.mkdir(parents=True, exist_ok=True)\n"
                "    for name in ('a.py', 'ipython_config.py', 'ipython_kernel_config.py', 'sitecustomize.py'):\n"
                f"        (path / name).write_text({line!r})\n"
                f"(path.parent.parent / 'ipython/profile_default/ipython_config.py').write_text({line!r})"
            )
            started = time.monotonic()
            self.assertEqual(self.agent.call("POST", "/v1/restart").status, 200)
            homes.append(self.run_ok("import os; print(os.environ['HOME'])").text())
            self.assertLess(time.monotonic() - started, 30, "the start waits for nothing of it")
            self.assertEqual(self.run_ok("os.path.exists(os.environ['HOME'] + '/jupyter/a.py')").result, "False")
        self.assertEqual(len(set(homes)), 4)
        self.assertEqual(self.run_ok(f"[h for h in {homes!r} if os.path.exists(h.strip())]").result, repr(homes[-1:]))

    def test_the_agents_own_modules_are_not_importable(self):
        for name in ("config", "files", "limits", "streams", "agent"):
            self.assertEqual(self.agent.run(f"import {name}").error["ename"], "ModuleNotFoundError", name)

    def _ends_only_itself(self, code):
        """Also a moment later: a kernel that was told to end does so when the cell is long over."""
        self.run_ok("kept = 1")
        story = self.agent.run(f"{code}\nprint('after')")
        time.sleep(0.3)
        self.assertEqual((self.run_ok("kept").result, self.run_ok("1").generation), ("1", story.generation), code)
        return story

    def test_exit_ends_the_cell_and_not_the_session(self):
        for code in (
            "exit()",
            "quit()",
            "exit",
            "if True:\n    exit",
            "for i in range(3):\n    if i == 1:\n        quit",
            "def stop(): exit()\nstop()",
            "import sys; sys.exit()",
            "sys.exit(0)",
            "raise SystemExit",
            "import builtins; builtins.exit()",
        ):
            story = self._ends_only_itself(code)
            self.assertEqual((story.status, [line["type"] for line in story.lines]), ("ok", ["started", "done"]), code)
        for code in ("exit", " exit ", "quit"):
            self.assertEqual(self.run_ok(code).of("stream"), [], code)

    def test_an_exit_with_a_reason_tells_it(self):
        for code, value in (("exit('no rows')", "no rows"), ("sys.exit(3)", "3"), ("exit(1)", "1")):
            story = self._ends_only_itself(f"import sys; {code}")
            self.assertEqual((story.status, story.error["ename"], story.error["evalue"]), ("error", "SystemExit", value))
            self.assertEqual((story.error["traceback"], story.of("stream")), (f"SystemExit: {value}", []))

    def test_a_name_of_the_users_own_is_no_exit(self):
        self.assertEqual(self.run_ok("exit = 5\nif exit:\n    exit\nexit").result, "5")
        self.run_ok("del exit; exit = get_ipython().exiter")

    def test_nothing_else_ends_the_kernel_from_within_its_loop(self):
        for code in (
            "import asyncio\nasyncio.get_event_loop().stop()",
            "async def leave(): exit()\nlater = asyncio.get_event_loop().create_task(leave())",
            "asyncio.get_event_loop().call_later(0.01, exit)",
            "get_ipython().ask_exit()",
            "get_ipython().run_line_magic('reset', '-f'); kept = 1; exit()",
        ):
            self._ends_only_itself(code)

    def test_one_plus_one_is_quick(self):
        best = min(self._timed("1 + 1") for _ in range(10))
        print(f"\n1+1 through the agent: {best * 1000:.1f} ms", flush=True)
        self.assertLess(best, 1)

    def _timed(self, code):
        started = time.monotonic()
        self.run_ok(code)
        return time.monotonic() - started


if __name__ == "__main__":
    unittest.main()
