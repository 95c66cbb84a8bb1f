"""A real agent on a Unix socket in a temporary folder, and a small client for it."""

import atexit
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path
from urllib.parse import quote

SESSION = Path(__file__).resolve().parent.parent
TOKEN = "a token of the tests"
PATIENCE_S = 60.0


def wait_until(condition, what, seconds=PATIENCE_S):
    """Waits for a condition, never for a time; fails after much patience."""
    give_up = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > give_up:
            raise AssertionError(f"still waiting for {what} after {seconds} s")
        time.sleep(0.02)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("agent", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


# Set by the check of the image, which runs these tests as the image's own user: every agent then starts its
# kernels as the image does. All kernels have one user, and ending one ends all: one agent at a time.
IN_IMAGE = bool(os.environ.get("AGENT_TESTS_IN_IMAGE"))


class Answer:
    """A whole answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json()["error"]["code"]


class Agent:
    """The agent's process with its folders. Other settings as keyword arguments: AGENT_DATA_BYTES="1000"."""

    latest = None

    def __init__(self, **settings):
        if IN_IMAGE and Agent.latest is not None:
            Agent.latest.stop()
        Agent.latest = self
        self.folder = Path(tempfile.mkdtemp(prefix="agent-test-"))
        self.data = self.folder / "data"
        self.config = self.folder / "config"
        self.socket = str(self.folder / "socket")
        for folder in (self.data, self.config):
            folder.mkdir()
        self.log = open(self.folder / "log", "w+b")
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.folder),
            "AGENT_LISTEN": f"unix:{self.socket}",
            "AGENT_DATA_DIR": str(self.data),
            "AGENT_CONFIG_DIR": str(self.config),
            "AGENT_TOKEN": TOKEN,
            "AGENT_GRACE_S": "1",
            "AGENT_WARM_MODULES": "",
            **settings,
        }
        environment = {name: value for name, value in environment.items() if value is not None}
        self.prepare(environment)
        self.process = subprocess.Popen(
            self.command(), cwd=SESSION, env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )

    def prepare(self, environment):
        """For subclasses: folders and settings before the start."""
        if IN_IMAGE:
            self.folder.chmod(0o755)
            self.config.chmod(0o700)
            shared = os.stat(os.environ["AGENT_RUNTIME_DIR"]).st_gid
            os.chown(self.data, -1, shared)
            self.data.chmod(0o2770)
            environment.setdefault("AGENT_RUN_AS", os.environ["AGENT_RUN_AS"])

    def command(self):
        return [sys.executable, "-m", "agent"]

    def connection(self):
        return UnixConnection(self.socket)

    def call(self, method, path, body=None, token=TOKEN, headers=None):
        headers = dict(headers or {})
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        connection = self.connection()
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def health(self):
        try:
            return self.call("GET", "/healthz", token=None).json()
        except OSError:
            if self.process.poll() is not None:
                raise AssertionError(f"the agent ended with {self.process.returncode}: {self.log_text()}") from None
            return None

    def wait_ready(self):
        wait_until(self._warm, "a warm kernel")
        return self

    def _warm(self):
        state = (self.health() or {}).get("state")
        if state == "dead":
            raise AssertionError(f"the kernel cannot be started: {self.log_text()}")
        return state == "idle"

    def wait_busy(self):
        wait_until(lambda: self.health()["state"] == "busy", "a running execution")

    def start(self, code, timeout_s=60, execution_id=None):
        """Sends code; returns an iterator over the lines, which arrive while it runs."""
        connection = self.connection()
        body = {"execution_id": execution_id or uuid.uuid4().hex, "code": code, "timeout_s": timeout_s}
        connection.request("POST", "/v1/execute", json.dumps(body), {"authorization": f"Bearer {TOKEN}"})
        response = connection.getresponse()
        if response.status != 200:
            raise AssertionError(f"{response.status} {response.read()!r}")
        return self._lines(connection, response)

    def _lines(self, connection, response):
        try:
            while line := response.readline():
                yield json.loads(line)
        finally:
            connection.close()

    def run(self, code, timeout_s=60, execution_id=None, on_text=lambda: None):
        """`on_text` is called once, when the first text has arrived."""
        lines, told = [], False
        for line in self.start(code, timeout_s, execution_id):
            if line["type"] == "stream" and not told:
                told = True
                on_text()
            if line["type"] != "heartbeat":
                lines.append(line)
        return Story(lines)

    def file(self, method, path, body=None, headers=None):
        return self.call(method, "/v1/files/" + quote(path, safe="/"), body, headers=headers)

    def log_text(self):
        self.log.flush()
        return (self.folder / "log").read_text(errors="replace")

    def children(self):
        """Pids of all processes below the agent."""
        return descendants(self.process.pid)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.log.closed:
            return
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _state_and_parent(pid):
    """Of a process; None for one that is gone or only waits to be buried."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state in "ZX" else (state, int(parent))


def is_alive(pid):
    return _state_and_parent(pid) is not None


def descendants(root):
    found = {int(name): _state_and_parent(name) for name in os.listdir("/proc") if name.isdigit()}
    parents = {pid: known[1] for pid, known in found.items() if known is not None}
    found, level = set(), {root}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        found |= level
    return found


class Story:
    """The lines of a finished execution."""

    def __init__(self, lines):
        self.lines = lines
        self.done = lines[-1]
        assert self.done["type"] == "done", lines
        assert [line["n"] for line in lines] == list(range(len(lines))), lines

    @property
    def status(self):
        return self.done["status"]

    def of(self, kind):
        return [line for line in self.lines if line["type"] == kind]

    def text(self, name="stdout"):
        return "".join(line["text"] for line in self.of("stream") if line["name"] == name)

    @property
    def result(self):
        return "".join(line["text"] for line in self.of("execute_result"))

    @property
    def error(self):
        return self.of("error")[0]

    @property
    def files(self):
        return [file["path"] for file in self.done["files"]]

    @property
    def generation(self):
        return self.of("started")[0]["generation"]


class AgentCase(unittest.TestCase):
    """Test cases that share one agent; `settings` are its environment."""

    settings = {}
    agent_class = Agent
    maxDiff = None

    _agents = {}

    @classmethod
    def setUpClass(cls):
        # A start takes more than a second: classes with the same settings share one agent, with an empty folder.
        key = (cls.agent_class, tuple(sorted(cls.settings.items())))
        if key not in cls._agents or cls._agents[key].process.poll() is not None:
            cls._agents[key] = cls.agent_class(**cls.settings)
            atexit.register(cls._agents[key].stop)
        cls.agent = cls._agents[key].wait_ready()
        for entry in cls.agent.data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()

    def run_ok(self, code, **options):
        story = self.agent.run(code, **options)
        self.assertEqual(story.status, "ok", story.lines)
        return story

    def assert_alive(self):
        self.assertEqual(self.run_ok("print(6 * 7)").text(), "42\n")
