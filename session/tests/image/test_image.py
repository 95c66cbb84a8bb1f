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
    "altair bs4 docx fpdf h5py imageio jinja2 lxml.etree markdown matplotlib networkx nltk numpy odf openpyxl pandas "
    "pdfminer PIL plotly psutil pypdf qrcode reportlab requests scipy seaborn shapely skimage sklearn statsmodels.api "
    "sympy tables tabulate tqdm wordcloud xgboost xlrd xlsxwriter xlwt yaml"
).split()
WHEELS = {"python-pptx": "pptx", "pyxlsb": "pyxlsb", "pyarrow": "pyarrow.parquet"}
PROGRAMS = "antiword pdftoppm pdftotext unzip".split()
LOCALES = "de_DE.UTF-8 fr_FR.UTF-8 ja_JP.UTF-8 zh_CN.UTF-8 C.UTF-8 de_DE".split()
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

    def test_every_wheel_can_be_imported(self):
        listed = [line.split("==")[0] for line in Path("/opt/hourglass/wheels.txt").read_text().splitlines() if "==" in line]
        self.assertEqual(sorted(listed), sorted(WHEELS))
        if os.environ.get("IMAGE_WITHOUT_WHEELS"):
            print(f"without an index this root has no {', '.join(listed)}", flush=True)
            return
        self.run_ok("\n".join(f"import {module}" for module in WHEELS.values()))

    def test_the_programs_and_the_locales_are_there(self):
        story = self.run_ok(f"import shutil; [name for name in {PROGRAMS} if not shutil.which(name)]")
        self.assertEqual(story.result, "[]")
        code = (
            "import datetime, locale\n"
            f"for name in {LOCALES}:\n    locale.setlocale(locale.LC_ALL, name)\n"
            "    print(datetime.date(2026, 3, 2).strftime('%A'), locale.format_string('%.1f', 1234.5, True))\n"
            "locale.setlocale(locale.LC_ALL, 'C.UTF-8');"
        )
        self.assertEqual(
            self.run_ok(code).text().replace("\u202f", " ").splitlines(),
            ["Montag 1.234,5", "lundi 1 234,5", "月曜日 1,234.5", "星期一 1,234.5", "Monday 1234.5", "Montag 1.234,5"],
        )

    def test_what_cannot_be_shown_is_said_in_a_sentence(self):
        for code in (
            "import plotly.express as px\nfigure = px.bar(x=[1], y=[2]); figure.show()",
            "figure",
            "import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({'a': [1]})).mark_bar().encode(x='a')",
        ):
            story = self.run_ok(code)
            shown = "".join(line["text"] for line in story.of("execute_result")) + story.text()
            self.assertIn("cannot be shown here", shown)
            self.assertLess(len(shown), 400, shown)

    def test_programs_that_are_not_there_are_named(self):
        error = self.agent.run("import subprocess; subprocess.run(['gcc', 'a.c'])").error
        self.assertIn("gcc is not installed", error["traceback"])
        error = self.agent.run("import requests; requests.get('https://example.com')").error
        self.assertIn("[There is no network in this session.", error["traceback"])

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
            "import warnings, matplotlib.pyplot as plt, seaborn as sns\nwith warnings.catch_warnings():\n"
            "    warnings.simplefilter('error')\n    {}\n    plt.title('Grüße Привет 你好 こんにちは 안녕 مرحبا नमस्ते สวัสดี தமிழ் 🚀'); plt.plot([1, 2]); plt.show()"
        )
        for style in ("pass", "sns.set_theme()", "plt.rcdefaults()", "plt.rcParams['font.family'] = 'SimHei'"):
            story = self.run_ok(code.format(style))
            self.assertEqual((len(story.of("display_data")), story.text("stderr")), (1, ""), style)

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
