"""The image as it will run: its entry point, its settings and its users. Run by `npm run image:check`, inside.

Needs root (to become the image's user as a container engine does) and a network namespace of its own.
"""

import fcntl
import http.client
import json
import os
import pwd
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import PATIENCE_S, TOKEN, Agent, wait_until

IMAGE = json.loads(os.environ.get("IMAGE", "{}"))
MODULES = (
    "bs4 docx jinja2 lxml.etree matplotlib networkx numpy openpyxl pandas PIL plotly pypdf reportlab scipy seaborn "
    "sklearn statsmodels.api sympy tabulate xlrd xlsxwriter yaml"
).split()
UNWANTED = "gcc cc g++ c++ clang make pip pip3 git curl wget ssh sudo su-exec gosu setcap".split()


def bring_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
        fcntl.ioctl(probe, 0x8914, request)


def as_user(user):
    """A prefix that does what a container engine does with USER."""
    entry = pwd.getpwnam(user)
    return ["setpriv", "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--init-groups"]


class EntryPoint(Agent):
    """The container's only process, with the image's environment and a token."""

    def __init__(self):
        self.data = Path(IMAGE["env"]["AGENT_DATA_DIR"])
        self.folder = Path(tempfile.mkdtemp())
        self.log = open(self.folder / "log", "w+b")
        environment = {"PATH": os.defpath, **IMAGE["env"], "AGENT_TOKEN": TOKEN}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*as_user(IMAGE["user"]), *IMAGE["entrypoint"]],
            cwd=IMAGE["workdir"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", 8080, timeout=PATIENCE_S)


@unittest.skipUnless(IMAGE, "run by the check of the image")
class ImageAsItRuns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        bring_up_loopback()
        cls.agent = EntryPoint()
        cls.addClassCleanup(cls.agent.stop)
        wait_until(cls.agent.health, "the first answer")
        answered = time.monotonic() - cls.agent.started
        cls.agent.wait_ready()
        warm = time.monotonic() - cls.agent.started
        print(f"start-up: first answer {answered:.2f} s, kernel warm {warm:.2f} s", flush=True)

    def run_ok(self, code):
        story = self.agent.run(code)
        self.assertEqual(story.status, "ok", story.lines)
        return story

    def test_the_health_check_succeeds_as_the_images_user(self):
        subprocess.run([*as_user(IMAGE["user"]), *IMAGE["health"]], check=True, cwd=IMAGE["workdir"], env=IMAGE["env"])

    def test_agent_and_kernel_are_two_users_without_privileges(self):
        agent, kernel = (
            self._status(self.agent.process.pid),
            self.run_ok("print(open('/proc/self/status').read())").text(),
        )
        kernel = dict(line.split(":\t", 1) for line in kernel.splitlines() if ":\t" in line)
        self.assertEqual(agent["Uid"].split(), [str(pwd.getpwnam(IMAGE["user"]).pw_uid)] * 4)
        self.assertEqual(kernel["Uid"].split(), [str(pwd.getpwnam("kernel").pw_uid)] * 4)
        self.assertNotIn("0", agent["Uid"].split() + kernel["Uid"].split())
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual((int(agent[name], 16), int(kernel[name], 16)), (0, 0), name)
        self.assertEqual(kernel["NoNewPrivs"], "1")

    def _status(self, pid):
        text = Path(f"/proc/{pid}/status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def test_every_library_can_be_imported_in_silence(self):
        story = self.run_ok("\n".join(f"import {module}" for module in MODULES))
        self.assertEqual((story.text("stdout"), story.text("stderr")), ("", ""))

    def test_nothing_that_was_listed_is_missing(self):
        wanted = [line.split("#")[0].strip() for line in Path("/opt/hourglass/packages.txt").read_text().splitlines()]
        installed = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"], capture_output=True, text=True
        )
        self.assertEqual([name for name in wanted if name and f"{name} installed" not in installed.stdout], [])

    def test_no_compiler_no_installer_no_program_that_lends_privileges(self):
        found = [name for name in UNWANTED if subprocess.run(["which", name], capture_output=True).returncode == 0]
        self.assertEqual(found, [])
        lent = subprocess.run(["find", "/", "-xdev", "-type", "f", "-perm", "/6000"], capture_output=True, text=True)
        self.assertEqual(lent.stdout, "")

    def test_the_kernel_can_write_only_where_it_should(self):
        code = (
            "import os\n"
            "for folder, folders, files in os.walk('/'):\n"
            "    if folder == '/': folders[:] = [f for f in folders if f not in ('proc', 'sys', 'dev')]\n"
            "    for path in [folder] + [os.path.join(folder, file) for file in files]:\n"
            "        if os.access(path, os.W_OK) and not os.path.islink(path): print(path)\n"
        )
        allowed = ("/mnt/data", "/tmp", "/run/hourglass")
        self.assertEqual([path for path in self.run_ok(code).text().splitlines() if not path.startswith(allowed)], [])

    def test_all_scripts_are_drawn(self):
        code = (
            "import warnings; warnings.simplefilter('error')\nimport matplotlib.pyplot as plt\n"
            "plt.title('Grüße Привет 你好 こんにちは 안녕 🚀'); plt.plot([1, 2]); plt.show()"
        )
        story = self.run_ok(code)
        self.assertEqual((len(story.of("display_data")), story.text("stderr")), (1, ""))

    def test_the_font_list_is_the_prebuilt_one(self):
        made = self.run_ok("import glob, os; [f for f in glob.glob(os.environ['MPLCONFIGDIR'] + '/fontlist*')]").result
        given = [path.name for path in Path(IMAGE["env"]["AGENT_CACHE_DIR"]).glob("matplotlib/fontlist*")]
        self.assertEqual(len(given), 1)
        self.assertIn(given[0], made)

    def test_linear_algebra_is_the_fast_one(self):
        code = (
            "import numpy as np, time\na = np.random.rand(1000, 1000); a @ a\n"
            "t = time.time(); a @ a; print(time.time() - t)"
        )
        took = float(self.run_ok(code).text())
        print(f"1000 x 1000 matrix product: {took * 1000:.0f} ms", flush=True)
        self.assertIn("openblas", self.run_ok("print(open('/proc/self/maps').read())").text())

    def test_files_go_in_and_out(self):
        self.assertEqual(self.agent.file("PUT", "in/a b.csv", b"x,y\n1,2\n").status, 201)
        story = self.run_ok("import pandas as pd\npd.read_csv('in/a b.csv').to_excel('out.xlsx')")
        self.assertEqual(story.files, ["out.xlsx"])
        self.assertTrue(self.agent.file("GET", "out.xlsx").body.startswith(b"PK"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
