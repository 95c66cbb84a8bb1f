"""The kernel as another user: it gets at nothing of the agent's, its limits hold, and all of it can be ended.

Both ways of changing the user are tried: a program with file capabilities (the image) and ambient
capabilities (the local sandbox). Setting them up takes root. Longer than usual: each attack is tried both ways on one set-up.
"""

import os
import shlex
import shutil
import subprocess
import unittest

from support import IN_IMAGE, TOKEN, Agent, AgentCase, is_alive, wait_until

AGENT_UID, KERNEL_UID, GROUP = 61001, 61002, 61003
DROP = "--clear-groups --no-new-privs --inh-caps=-all --ambient-caps=-all"
# Other tests may run beside this one: their kernels get users of their own.
OFFSET = os.getpid() % 1000 * 10


class SeparateUsers(Agent):
    """An agent of one user with kernels of another, by ambient capabilities."""

    uid = AGENT_UID + OFFSET
    kernel_uid = KERNEL_UID + OFFSET
    group = GROUP + OFFSET

    def prepare(self, environment):
        os.chmod(self.folder, 0o755)
        for folder in (self.data, self.config):
            os.chown(folder, self.uid, self.group)
        os.chmod(self.data, 0o2770)
        os.chmod(self.config, 0o700)
        run = self.folder / "run"
        run.mkdir()
        os.chown(run, self.uid, self.group)
        self.socket = str(run / "socket")
        environment["AGENT_LISTEN"] = f"unix:{self.socket}"
        environment["TMPDIR"] = str(run)
        environment["AGENT_RUN_AS"] = f"{self.prefix()} --reuid {self.kernel_uid} --regid {self.group} {DROP}"

    def prefix(self):
        return "/usr/bin/setpriv"

    def command(self):
        user = ["setpriv", "--reuid", str(self.uid), "--regid", str(self.uid), "--groups", str(self.group)]
        return [*user, *self.privileges(), *super().command()]

    def privileges(self):
        both = "+setuid,+setgid"
        return ["--inh-caps", both, "--ambient-caps", both, "--bounding-set", "-all," + both]


class FileCapabilities(SeparateUsers):
    """The same by a copy of setpriv that has the capabilities itself and that only the agent's group may start."""

    # Users of its own: the end of an agent before it ends everything that runs as its kernel's user.
    uid, kernel_uid, group = 61006 + OFFSET, 61007 + OFFSET, 61008 + OFFSET

    def prefix(self):
        path = self.folder / "run-as"
        shutil.copyfile("/usr/bin/setpriv", path)
        os.chown(path, 0, self.uid)
        os.chmod(path, 0o750)
        subprocess.run(["setcap", "cap_setuid,cap_setgid=ep", str(path)], check=True)
        self.run_as = path
        return str(path)

    def privileges(self):
        return []


class ImageUsers(Agent):
    """Inside the image: its own users and its own program to change between them."""

    def __init__(self, **settings):
        words = shlex.split(os.environ["AGENT_RUN_AS"])
        given = dict(word.lstrip("-").split("=") for word in words if "=" in word)
        self.run_as = words[0]
        self.uid, self.kernel_uid, self.group = os.getuid(), int(given["reuid"]), int(given["regid"])
        super().__init__(**settings)


class AnotherUser:
    """What holds for both ways."""

    def test_it_has_another_uid_and_no_capability(self):
        result = self.run_ok(
            "import os\nprint(os.getresuid(), os.getresgid(), os.getgroups())\n"
            "print(open('/proc/self/status').read())"
        ).text()
        self.assertEqual(result.split("\n")[0], f"{(self.agent.kernel_uid,) * 3} {(self.agent.group,) * 3} []")
        for line in result.splitlines():
            if line.startswith(("CapInh", "CapPrm", "CapEff", "CapAmb")):
                self.assertEqual(line.split()[1].strip("0"), "", line)
        self.assertIn("NoNewPrivs:\t1", result)

    def test_it_cannot_read_the_agents_environment_memory_or_claim(self):
        code = f"""
import os
agent = {self.agent.process.pid}
def tries(what):
    try: return what()
    except Exception as error: return type(error).__name__
print(tries(lambda: open(f'/proc/{{agent}}/environ').read()))
print(tries(lambda: open(f'/proc/{{agent}}/mem', 'rb').read(1)))
print(tries(lambda: os.listdir(f'/proc/{{agent}}/fd')))
print(tries(lambda: os.listdir({str(self.agent.config)!r})))
print(tries(lambda: os.kill(agent, 9)))
print(tries(lambda: os.setuid({self.agent.uid})))
print(tries(lambda: os.setuid(0)))
"""
        self.assertEqual(self.run_ok(code).text().split(), ["PermissionError"] * 7)

    def _processes_of_the_kernels_user(self):
        found = []
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.stat(f"/proc/{name}").st_uid == self.agent.kernel_uid and is_alive(name):
                    found.append(int(name))
            except OSError:
                continue
        return found

    def test_everything_it_started_ends_with_it(self):
        self.run_ok("import subprocess\nfor i in range(5): subprocess.Popen(['setsid', 'sleep', '12345'])")
        before = set(self._processes_of_the_kernels_user())
        self.assertGreaterEqual(len(before), 6)
        self.agent.call("POST", "/v1/restart")
        self.assertFalse(before & set(self._processes_of_the_kernels_user()))


@unittest.skipUnless(os.geteuid() == 0, "takes root")
class ByAmbientCapabilities(AnotherUser, AgentCase):
    agent_class = SeparateUsers


@unittest.skipUnless(IN_IMAGE or (os.geteuid() == 0 and shutil.which("setcap")), "takes root and setcap, or the image")
class ByFileCapabilities(AnotherUser, AgentCase):
    agent_class = ImageUsers if IN_IMAGE else FileCapabilities

    def test_its_environment_holds_nothing_of_the_agents(self):
        environment = self.run_ok("import os; print(dict(os.environ))").text()
        self.assertNotIn(TOKEN, environment)
        self.assertNotIn("AGENT_", environment)

    def test_it_cannot_use_the_program_that_changes_users(self):
        command = [str(self.agent.run_as), "--reuid", "0", "id"]
        story = self.agent.run(f"import subprocess; subprocess.run({command!r})")
        self.assertEqual(story.error["ename"], "PermissionError")

    def test_files_are_shared_both_ways(self):
        self.agent.file("PUT", "a/in.txt", b"in")
        self.run_ok("open('a/in.txt', 'a').write('!'); open('a/out.txt', 'w').write('out'); open('a/in.txt').read()")
        self.assertEqual(self.agent.file("GET", "a/in.txt").body, b"in!")
        self.assertEqual(self.agent.file("PUT", "a/out.txt", b"new").status, 201)
        self.assertEqual(self.run_ok("open('a/out.txt').read()").result, "'new'")
        self.assertEqual(self.agent.file("DELETE", "a/out.txt").status, 204)

    def test_private_files_and_folders_of_the_code_are_results_too(self):
        story = self.run_ok(
            "import os, tempfile\nos.umask(0o077)\nos.makedirs('private/deeper')\n"
            "open('private/deeper/file', 'w').write('x')\ntempfile.mkstemp(dir='private', prefix='t'); os.umask(2);"
        )
        self.assertEqual(len(story.files), 2)
        self.assertEqual(self.agent.file("GET", "private/deeper/file").body, b"x")
        self.assertEqual(self.agent.file("PUT", "private/deeper/mine", b"y").status, 201)

    def test_hard_links_to_files_of_the_agent_are_not_served(self):
        secret = self.agent.folder / "secret"
        secret.write_text("secret")
        os.chown(secret, self.agent.uid, self.agent.uid)
        os.chmod(secret, 0o600)
        os.link(secret, self.agent.data / "linked")
        self.assertEqual(self.agent.file("GET", "linked").code, "not_regular")
        os.chown(secret, -1, self.agent.group)
        self.assertEqual(self.agent.file("GET", "linked").code, "not_regular")
        self.run_ok("import os; open('own', 'w').write('x'); os.link('own', 'own link')")
        self.assertEqual(self.agent.file("GET", "own link").body, b"x")
        self.agent.file("PUT", "uploaded", b"y")
        self.run_ok("os.link('uploaded', 'uploaded link')")
        self.assertEqual(self.agent.file("GET", "uploaded link").body, b"y")

    def test_time_limit_and_interrupt_reach_the_other_user(self):
        self.assertEqual(self.agent.run("kept = 1\nwhile True: pass", timeout_s=0.3).status, "timeout")
        self.assertEqual(
            self.agent.run("import subprocess; subprocess.run(['sleep', '1000'])", timeout_s=0.3).status, "timeout"
        )
        self.assertEqual(self.run_ok("kept").result, "1")

    def test_a_fork_bomb_is_contained_and_swept_away(self):
        story = self.agent.run(
            "import os, time\nwhile True:\n    try: os.fork()\n    except OSError: pass", timeout_s=2
        )
        self.assertEqual(story.status, "timeout", [line for line in story.lines if line["type"] != "stream"])
        self.assertLess(len(self._processes_of_the_kernels_user()), 140)
        self.agent.call("POST", "/v1/restart")
        self.assert_alive()
        self.assertLess(len(self._processes_of_the_kernels_user()), 4)

    def test_too_many_processes_is_an_ordinary_error(self):
        story = self.agent.run(
            "import subprocess\nchildren = []\n"
            "for _ in range(300): children.append(subprocess.Popen(['sleep', '1000']))"
        )
        self.assertEqual((story.status, story.error["ename"]), ("error", "BlockingIOError"))
        self.assertEqual(self.agent.run("print('alive')").text(), "alive\n")
        self.run_ok("for child in children: child.kill()\nfor child in children: child.wait()")

    def test_forged_done_cannot_end_the_agent(self):
        self.assertEqual(
            self.agent.run("import os, signal; os.kill(os.getppid(), signal.SIGKILL)").error["ename"], "PermissionError"
        )


@unittest.skipUnless(os.geteuid() == 0, "takes root")
class SameUser(AgentCase):
    """Without another user the agent still keeps its secrets."""

    class OneUser(SeparateUsers):
        uid = kernel_uid = 61005 + OFFSET

        def prepare(self, environment):
            super().prepare(environment)
            environment["AGENT_RUN_AS"] = ""

        def privileges(self):
            return ["--no-new-privs"]

    agent_class = OneUser

    def test_it_cannot_read_the_agents_environment_or_memory(self):
        code = f"""
import os, ctypes
agent = {self.agent.process.pid}
for what in (lambda: open(f'/proc/{{agent}}/environ').read(), lambda: open(f'/proc/{{agent}}/mem', 'rb').read(1)):
    try: print(what())
    except PermissionError as error: print('refused')
print(ctypes.CDLL(None).ptrace(16, agent, 0, 0))
"""
        self.assertEqual(self.run_ok(code).text().split(), ["refused", "refused", "-1"])
        self.assertNotIn(TOKEN, self.run_ok("import os; print(os.environ)").text())

    def test_everything_it_started_ends_with_it(self):
        self.run_ok(
            "import subprocess\n"
            "for i in range(5): subprocess.Popen(['setsid', 'sh', '-c', 'sleep 12345 & sleep 12345'])"
        )
        before = wait_until(lambda: len(found := self.agent.children()) >= 11 and found, "the children")
        self.agent.call("POST", "/v1/restart")
        self.assertFalse(before & self.agent.children())

    def test_a_fork_bomb_is_swept_away(self):
        story = self.agent.run("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", timeout_s=2)
        self.assertEqual(story.status, "timeout")
        self.agent.call("POST", "/v1/restart")
        self.assert_alive()


class ResourceLimits(AgentCase):
    settings = {"AGENT_MEMORY_BYTES": str(800 * 1024 * 1024), "AGENT_OPEN_FILES": "128"}

    def test_too_much_memory_at_once_is_an_ordinary_error(self):
        for code in ("bytearray(2_000_000_000)", "import numpy; numpy.ones(300_000_000)"):
            story = self.agent.run(code)
            self.assertIn("MemoryError", story.error["ename"], code)
        self.assertEqual(story.of("kernel_restarted"), [])
        self.assert_alive()

    def test_memory_that_grows_is_reported_and_the_session_lives(self):
        story = self.agent.run("hoard = []\nwhile True: hoard.append(bytes(1_000_000))")
        self.assertTrue(story.status == "kernel_died" or story.error["ename"] == "MemoryError", story.lines)
        self.agent.run("hoard = None")
        self.assert_alive()

    def test_memory_that_grows_in_small_pieces(self):
        story = self.agent.run("hoard = []\nwhile True: hoard.append('x' * 10_000 + str(len(hoard)))")
        self.assertTrue(story.status == "kernel_died" or story.error["ename"] == "MemoryError", story.lines)
        self.agent.run("hoard = None")
        self.assert_alive()

    def test_shared_memory_is_bounded_too(self):
        story = self.agent.run("import mmap\nmaps = []\nwhile True: maps.append(mmap.mmap(-1, 100_000_000))")
        self.assertEqual(story.status, "error")
        self.agent.run("maps = None")
        self.assert_alive()

    def test_many_threads_work(self):
        code = (
            "import threading\nts = [threading.Thread(target=sum, args=(range(1000),)) for _ in range(50)]\n"
            "[t.start() for t in ts]; [t.join() for t in ts]\n"
            "import numpy as np; float(np.ones((300, 300)).dot(np.ones((300, 300)))[0, 0])"
        )
        self.assertEqual(self.run_ok(code).result, "300.0")

    def test_too_many_open_files_is_an_ordinary_error(self):
        story = self.agent.run("held = []\nwhile True: held.append(open('/dev/null'))")
        self.assertEqual(
            (story.status, story.error["evalue"]), ("error", "[Errno 24] Too many open files: '/dev/null'")
        )
        self.run_ok("for file in held: file.close()")
        self.assert_alive()

    def test_no_core_is_written(self):
        self.assertEqual(self.run_ok("import resource; resource.getrlimit(resource.RLIMIT_CORE)").result, "(0, 0)")
        self.assertEqual(self.agent.run("import os; os.abort()").files, [])


if __name__ == "__main__":
    unittest.main()
