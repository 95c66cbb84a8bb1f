"""What code shows arrives as lines: text, results, pictures, errors; in order, bounded, without colour codes."""

import base64
import json
import time
import unittest
from pathlib import Path

from support import AgentCase

LIMIT = 100_000


class OutputsArrive(AgentCase):
    settings = {"AGENT_WARM_MODULES": None}

    def test_text_arrives_in_order_and_by_stream(self):
        story = self.run_ok("import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint('three')\n4")
        self.assertEqual(story.text("stdout"), "one\nthree\n")
        self.assertEqual(story.text("stderr"), "two\n")
        self.assertEqual([line["type"] for line in story.lines][-2:], ["execute_result", "done"])

    def test_text_arrives_while_the_code_runs(self):
        lines = self.agent.start("import time, os\nprint('early')\nwhile not os.path.exists('go'): time.sleep(0.01)")
        text = ""
        for line in lines:
            # A busy machine may send the end of the line by itself.
            text += line["text"] if line["type"] == "stream" else ""
            if text == "early\n":
                self.agent.file("PUT", "go", b"")
        self.assertEqual((line["status"], text), ("ok", "early\n"))

    def test_output_of_child_processes_is_complete(self):
        story = self.run_ok("import os, subprocess\nos.system('seq 1 2000')\nsubprocess.run(['echo', 'last'])")
        self.assertIn("\n2000\n", story.text())
        self.assertIn("last\n", story.text())
        for number in range(20):
            self.assertEqual(self.run_ok(f"os.system('echo {number}');").text(), f"{number}\n")

    def test_streams_can_be_given_to_child_processes(self):
        code = (
            "import subprocess, sys, os\nsubprocess.run(['seq', '1', '30000'], stdout=sys.stdout)\n"
            "subprocess.run('echo wrong >&2', shell=True, stderr=sys.stderr)\n"
            "os.write(sys.stdout.fileno(), b'last\\n');"
        )
        story = self.agent.run(code, timeout_s=20)
        self.assertEqual((story.status, story.text("stderr")), ("ok", "wrong\n"))
        self.assertEqual(story.text(), "".join(f"{number}\n" for number in range(1, 30001)) + "last\n")

    def test_what_goes_to_the_kernels_first_stdout_holds_nobody_up(self):
        code = "import os, sys; os.write(sys.stdout._original_stdstream_copy, b'x' * 500_000)"
        self.assertEqual(self.agent.run(code, timeout_s=20).result, "500000")

    def test_bytes_that_are_not_utf8_do_no_harm(self):
        story = self.run_ok("import os\nos.write(1, b'a\\xff\\xfe\\xe2\\x82'); os.write(1, b'\\xac\\n');")
        self.assertEqual(story.text(), "a\ufffd\ufffd\u20ac\n")
        self.assertEqual(self.run_ok("os.system('echo after');").text(), "after\n")

    def test_lone_surrogates_and_nul_are_carried(self):
        self.assertEqual(self.run_ok("print('\\x00 \\ud800')").text()[:2], "\x00 ")

    def test_open_figures_become_pictures_in_order(self):
        code = (
            "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\nprint('between')\n"
            "plt.figure(); plt.plot([2, 1]);"
        )
        story = self.run_ok(code)
        kinds = [line["type"] for line in story.lines]
        self.assertEqual(
            [kind for kind in kinds if kind != "execute_result"],
            ["started", "display_data", "stream", "display_data", "done"],
        )
        for picture in story.of("display_data"):
            self.assertEqual(picture["mime"], "image/png")
            self.assertTrue(base64.b64decode(picture["data"], validate=True).startswith(b"\x89PNG"))
        self.assertEqual(story.text("stderr"), "")

    def _size(self, picture):
        data = base64.b64decode(picture["data"])
        self.assertEqual(data[12:16], b"IHDR")
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")

    def test_figures_arrive_whatever_backend_and_format_code_asks_for(self):
        plot = "import matplotlib, matplotlib.pyplot as plt\nplt.figure(); plt.plot([1, 2]); plt.show()"
        for code in (
            "import matplotlib; matplotlib.use('Agg')",
            "import matplotlib; matplotlib.use('TkAgg', force=True)",
            "plt.switch_backend('svg')",
            "%matplotlib notebook",
            "%matplotlib widget",
            "%matplotlib inline",
            "%config InlineBackend.figure_format = 'svg'",
            "%config InlineBackend.figure_formats = {'retina', 'pdf'}",
            "from matplotlib_inline.backend_inline import set_matplotlib_formats; set_matplotlib_formats('svg')",
            "plt.plot([0, 1])",
        ):
            story = self.run_ok(f"import matplotlib.pyplot as plt; plt.close('all')\n{code};\n{plot}")
            pictures = [line["mime"] for line in story.of("display_data")]
            self.assertEqual(pictures, ["image/png"] * (2 if code.startswith("plt.plot") else 1), code)
            self.assertEqual((story.text("stderr"), story.text()), ("", ""), code)
        # Also in the next execution, without a word, and as the last expression.
        self.assertEqual(len(self.run_ok("plt.plot([1, 3]);").of("display_data")), 1)
        self.assertEqual(len(self.run_ok("from matplotlib.figure import Figure\nf = Figure(); f.subplots(); f").of("display_data")), 1)

    def test_figures_are_sharp_and_their_labels_whole(self):
        draw = "import matplotlib.pyplot as plt\nplt.figure(figsize=({}), dpi={}); plt.plot([1, 2]); plt.show()"
        width, height = self._size(self.run_ok(draw.format("10, 6", 100)).of("display_data")[0])
        self.assertTrue(1600 < width <= 2000 and 950 < height <= 1200, (width, height))
        self.assertGreater(self._size(self.run_ok(draw.format("3, 2", 400)).of("display_data")[0])[0], 1000)
        width, height = self._size(self.run_ok(draw.format("60, 40", 100)).of("display_data")[0])
        self.assertLess(width * height, 26_000_000)
        label = "plt.figure(figsize=(4, 3)); plt.plot([1, 2]); plt.ylabel('l' * {}, fontsize=30); plt.show()"
        heights = [self._size(self.run_ok(label.format(n)).of("display_data")[0])[1] for n in (1, 200)]
        self.assertGreater(heights[1], 2 * heights[0])

    def test_files_of_figures_are_as_sharp(self):
        code = (
            "import matplotlib.pyplot as plt\nfrom PIL import Image\n{}\nplt.figure(figsize=(10, 6)); plt.plot([1, 2])\n"
            "plt.savefig('sharp.png'); plt.savefig('given.png', dpi=50); plt.close()\n"
            "Image.open('sharp.png').width > 1600, Image.open('given.png').width < 501"
        )
        for style in ("pass", "plt.rcdefaults()", "plt.style.use('default')", "plt.style.use('ggplot')"):
            self.assertEqual(self.run_ok(code.format(style)).result, "(True, True)", style)
        self.run_ok("plt.rcdefaults()")

    def test_an_unfinished_figure_says_what_is_wrong(self):
        story = self.agent.run("plt.figure(); plt.title('$\\\\nope{$'); plt.show()")
        self.assertIn("nope", str(story.lines))

    def test_animations_and_pages_with_pictures_show_a_picture(self):
        code = """
import matplotlib.pyplot as plt
from matplotlib.animation import FuncAnimation
from IPython.display import HTML, Image, display
figure, axes = plt.subplots(figsize=(2, 1))
line, = axes.plot([0, 1])
animation = FuncAnimation(figure, lambda n: line.set_ydata([0, n]), frames=3)
plt.close()
display(HTML(animation.to_jshtml()))
animation.save('moving.gif', writer='pillow')
display(Image('moving.gif'))
"""
        story = self.run_ok(code)
        self.assertEqual([line["mime"] for line in story.of("display_data")], ["image/png"] * 2)
        self.assertEqual(story.text(), "[The first of the 3 pictures of an animation is shown.]\n")
        self.assertEqual(self._size(story.of("display_data")[1]), (200, 100))
        half = "display(HTML('<img src=\"data:image/png;base64,' + 'A' * 2_000_000 + '\">'))"
        self.assertEqual(self.run_ok(half).of("display_data"), [])
        self.assertEqual(story.of("execute_result"), [])

    def test_what_would_open_a_window_shows_a_picture_or_says_that_it_cannot(self):
        story = self.run_ok("from PIL import Image\nImage.new('RGB', (4, 4), 'red').show()")
        self.assertEqual([line["mime"] for line in story.of("display_data")], ["image/png"])
        for call in ("webbrowser.open", "webbrowser.open_new_tab", "webbrowser.get().open"):
            story = self.run_ok(f"import webbrowser; {call}('file:///mnt/data/a.html');")
            self.assertIn("no browser here to open file:///mnt/data/a.html", story.text(), call)

    def test_what_only_browsers_can_show_is_one_short_sentence(self):
        code = """
from IPython.display import HTML, display
plotly = {'application/vnd.plotly.v1+json': {'data': ['x' * 30_000]}, 'text/html': '<script>' + 'y' * 30_000}
vega = {'application/vnd.vegalite.v5+json': {'data': 'x' * 30_000}, 'text/plain': 'alt.Chart(...)'}
bokeh = {'application/vnd.bokehjs_exec.v0+json': '', 'application/javascript': 'z' * 30_000}
widget = {'application/vnd.jupyter.widget-view+json': {'model_id': 'w'}, 'text/plain': 'IntSlider(value=0)'}
for forms in (plotly, vega, bokeh, widget):
    display(forms, raw=True)
display(HTML('<div id="c"></div><SCRIPT src="https://cdn">' + 'x' * 50_000 + '</SCRIPT>'))
"""
        texts = [line["text"] for line in self.run_ok(code).of("execute_result")]
        altair = self.run_ok("display({'text/plain': 'alt.Chart(...)', 'text/html': '<script>' + 'x' * 9999}, raw=True)")
        self.assertRegex(altair.result, r"^alt.Chart\(...\)\n\[HTML with scripts .*\]$")
        self.assertEqual(len(texts), 5)
        for text, word in zip(texts, ("plotly", "Altair", "bokeh", "widget", "scripts"), strict=True):
            self.assertRegex(text, rf"^\[.*{word}.*\.\]$")
            self.assertLess(len(text), 250)

    def test_all_scripts_stay_text_under_any_style(self):
        # What is not installed is not drawn: each letter is one that some font here has.
        code = """
import warnings; before = warnings.filters[:]; warnings.simplefilter('error')
import matplotlib, matplotlib.pyplot as plt
from matplotlib.font_manager import fontManager, get_font
have = set().union(*(get_font(font.fname).get_charmap() for font in fontManager.ttflist))
letters = ''.join(c for c in 'Grüße Привет 你好 こんにちは 안녕 مرحبا नमस्ते 🚀 ∑' if ord(c) in have)
print(len(letters))
"""
        self.assertGreater(int(self.run_ok(code).text()), 20)
        draw = "plt.title(letters); plt.figtext(0, 0, letters, weight='bold'); plt.plot([1, 2]); plt.show()"
        for style in (
            "pass",
            "plt.rcdefaults()",
            "plt.style.use('ggplot')",
            "plt.style.use('dark_background')",
            "plt.rcParams['font.family'] = 'Arial'",
            "plt.rcParams['font.family'] = 'sans-serif'",
            "plt.rcParams['font.family'] = ['SimHei', 'Nowhere']",
            "plt.rcParams['font.sans-serif'] = ['SimHei']; plt.rcParams['font.family'] = 'sans-serif'",
            "plt.rcParams['font.family'] = 'serif'",
            "plt.rcParams['font.family'] = 'monospace'",
        ):
            story = self.run_ok(f"{style}\n{draw}")
            self.assertEqual((len(story.of("display_data")), story.text("stderr")), (1, ""), style)
        story = self.run_ok("plt.title(letters, fontfamily='Comic Sans MS'); plt.savefig('a.pdf'); plt.savefig('a.svg')")
        self.assertEqual(story.text("stderr"), "")
        self.run_ok("warnings.filters[:] = before; plt.rcdefaults(); plt.close('all')")

    def test_jpeg_and_pillow_images_are_shown(self):
        story = self.run_ok("from PIL import Image\nImage.new('RGB', (4, 4), 'red')")
        self.assertEqual([line["mime"] for line in story.of("display_data")], ["image/png"])
        code = (
            "import io\nfrom IPython.display import Image as Shown, display\nb = io.BytesIO()\n"
            "Image.new('RGB', (4, 4)).save(b, 'JPEG')\ndisplay(Shown(b.getvalue()))"
        )
        self.assertEqual([line["mime"] for line in self.run_ok(code).of("display_data")], ["image/jpeg"])

    def test_tables_arrive_as_text(self):
        story = self.run_ok(
            "import pandas as pd\nfrom IPython.display import display\ndisplay(pd.DataFrame({'a': [1]}))\n"
            "pd.DataFrame({'b': [2]})"
        )
        self.assertEqual(len(story.of("execute_result")), 2)
        self.assertIn("b", story.of("execute_result")[1]["text"])

    def test_what_is_made_for_browsers_arrives_as_its_source(self):
        code = """
from IPython.display import HTML, JSON, SVG, Audio, Code, Latex, Markdown, Math, display
for shown in (Markdown('# *a*'), Math('x^2'), Latex('$y$'), JSON({'ü': [1, 2]}), HTML('<b>c</b>'),
              SVG('<svg xmlns="http://www.w3.org/2000/svg"><text>d</text></svg>')):
    display(shown)
display(HTML('<i>' + 'e' * 100_000)); display(Audio(b'0' * 50, rate=8000)); display({'text/html': '<p>f</p>'}, raw=True)
class Table:
    def _repr_html_(self): return '<td>g</td>'
class Told(Table):
    def __repr__(self): return 'a table'
display(Table()); display(Told()); object()
"""
        texts = [line["text"] for line in self.run_ok(code).of("execute_result")]
        self.assertEqual(texts[0:3] + texts[4:5], ["# *a*", "$\\displaystyle x^2$", "$y$", "<b>c</b>"])
        self.assertEqual(json.loads(texts[3]), {"ü": [1, 2]})
        self.assertIn("<text>d</text>", texts[5])
        self.assertIn("characters left out", texts[6])
        self.assertLess(len(texts[6]), 20_000)
        self.assertIn("Audio object", texts[7])
        self.assertEqual(texts[8:11], ["<p>f</p>", "<td>g</td>", "a table"])
        self.assertRegex(texts[11], "^<object at 0x[0-9a-f]+>$")

    def test_help_is_printed(self):
        self.assertIn("Return the number of items", self.run_ok("len?").text())

    def test_errors_carry_name_value_and_a_plain_traceback(self):
        story = self.agent.run("def broken():\n    return 1 / 0\nbroken()")
        self.assertEqual(
            (story.status, story.error["ename"], story.error["evalue"]),
            ("error", "ZeroDivisionError", "division by zero"),
        )
        self.assertIn("return 1 / 0", story.error["traceback"])
        self.assertNotIn("\x1b", story.error["traceback"])
        self.assertEqual(self.agent.run("def (").error["ename"], "SyntaxError")

    def test_what_a_session_lacks_is_said_under_the_error(self):
        dejavu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
        fonts = f"[Fonts: {dejavu}" if Path(dejavu).exists() else "cannot open resource"
        for code, hint in (
            ("import no_such_library.part", "[no_such_library is not installed, and there is no network to install it from.]"),
            ("raise ModuleNotFoundError(name='PIL2')", "[PIL2 is not installed"),
            ("raise ModuleNotFoundError(name='seaborn')", "from. matplotlib is there.]"),
            ("raise ImportError(\"Missing optional dependency 'pyarrow'. Use pip\")", "[pyarrow is not installed"),
            ("import subprocess; subprocess.run(['wkhtmltopdf', 'a'])", "[wkhtmltopdf is not installed: this session runs Python"),
            ("import socket; raise socket.gaierror(-2, 'Name or service not known')", "[There is no network"),
            ("try: raise socket.gaierror(-2, '')\nexcept OSError: raise ValueError('wrapped')", "[There is no network"),
            ("raise OSError(101, 'Network is unreachable')", "[There is no network"),
            ("from PIL import ImageFont; ImageFont.truetype('simhei.ttf')", fonts),
        ):
            traceback = self.agent.run(code).error["traceback"]
            self.assertIn(hint, traceback.splitlines()[-1], code)
        for code in ("open('nowhere.csv')", "1/0", "class E(Exception):\n    def __str__(self): 1/0\nraise E"):
            self.assertNotIn("[", self.agent.run(code).error["traceback"].splitlines()[-1].replace("[Errno", ""), code)

    def test_code_that_no_kernel_takes_is_an_error(self):
        for code, words in (("print(1)\0", "null bytes"), ("x = '\ud800'", "surrogate")):
            story = self.agent.run(code)
            self.assertEqual((story.status, story.error["ename"], story.text()), ("error", "SyntaxError", ""))
            self.assertIn(words, story.error["evalue"])
        self.assert_alive()

    def test_code_that_asks_for_input_is_told_that_nobody_is_there(self):
        self.assertEqual(self.agent.run("input('name? ')").error["ename"], "StdinNotImplementedError")

    def test_first_use_of_libraries_is_silent(self):
        story = self.run_ok(
            "import numpy, pandas, matplotlib.pyplot as plt\n"
            "fig, ax = plt.subplots(); ax.hist(numpy.arange(9)); fig.savefig('silent.png'); plt.close()"
        )
        self.assertEqual(story.text("stderr"), "")


class FloodsAreCut(AgentCase):
    settings = {"AGENT_OUTPUT_BYTES": str(LIMIT)}

    def _peak(self):
        status = Path(f"/proc/{self.agent.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def _flood(self, name, code, on_text=lambda: None):
        before, started = self._peak(), time.monotonic()
        story = self.agent.run(code, timeout_s=120, on_text=on_text)
        grown = (self._peak() - before) / 1e6
        print(f"\nflood {name}: {time.monotonic() - started:.1f} s, agent +{grown:.0f} MB", flush=True)
        self.assertEqual(len(story.of("truncated")), 1, [line["type"] for line in story.lines])
        self.assertEqual(story.of("truncated")[0]["limit_bytes"], LIMIT)
        self.assertLessEqual(len(story.text().encode()), LIMIT)
        self.assertLess(grown, 64)
        return story

    def test_exactly_as_much_as_fits_is_not_cut(self):
        story = self.run_ok(f"print('x' * {LIMIT - 1})")
        self.assertEqual((len(story.text()), story.of("truncated")), (LIMIT, []))

    def test_too_many_pictures_do_not_take_the_text_along(self):
        picture = "Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes({size}), format='png')"
        for count, size, shown in ((66, 100, 64), (12, 3_000_000, 8)):
            code = (
                "from IPython.display import Image, display\n"
                f"for _ in range({count}): display({picture.format(size=size)})\nprint('the result is 42')"
            )
            story = self.run_ok(code)
            self.assertEqual(len(story.of("display_data")), shown)
            self.assertEqual([line["what"] for line in story.of("truncated")], ["images"])
            self.assertEqual(story.text(), "the result is 42\n")

    def test_a_gigabyte_of_prints(self):
        story = self._flood("1 GB of prints", "line = 'x' * 999\nfor _ in range(1_000_000): print(line)")
        self.assertEqual(story.status, "ok")
        self.assertEqual(len(story.text()), LIMIT)
        self.assert_alive()

    def test_a_gigabyte_in_one_piece(self):
        self._flood("one piece", "print('y' * 500_000_000)")
        self.assert_alive()

    def test_a_gigabyte_by_a_child_process(self):
        self._flood(
            "child", "import subprocess; subprocess.run('head -c 1000000000 /dev/zero | tr \"\\\\0\" z', shell=True);"
        )
        self.assert_alive()

    def test_many_small_flushed_prints(self):
        story = self._flood("flushed", "for i in range(5_000): print(i, 'x' * 50, flush=True)")
        self.assertTrue(story.text().startswith("0 xx"))
        self.assert_alive()

    def test_a_huge_result_and_a_huge_error(self):
        self._flood("result", "'r' * 200_000_000")
        story = self.agent.run("raise ValueError('e' * 20_000_000)")
        self.assertEqual(story.status, "error")
        self.assertLess(len(story.error["evalue"]) + len(story.error["traceback"]), 100_000)
        self.assert_alive()

    def test_forged_messages_do_not_confuse_the_agent(self):
        code = """
import json
session, io = get_ipython().kernel.session, get_ipython().kernel.iopub_socket
parent = get_ipython().kernel.get_parent() if hasattr(get_ipython().kernel, 'get_parent') else get_ipython().kernel._parent_header
for kind, content in [('stream', {'name': 7, 'text': []}), ('error', {'traceback': 5}), ('display_data', {'data': []}),
                      ('display_data', {'data': {'image/png': 5}}), ('execute_result', {'data': {'text/plain': {}}}),
                      ('status', {}), ('nonsense', {}), ('stream', 'text')]:
    session.send(io, kind, content, parent=parent)
io.send_multipart([b'', b'<IDS|MSG>', b'', b'{', b'[]', b'', b'' ])
io.send_multipart([b'garbage'])
print('still here')
"""
        story = self.agent.run(code)
        self.assertEqual(story.status, "ok", story.lines)
        self.assertIn("still here", story.text())
        self.assert_alive()

    def test_an_end_without_an_answer_is_not_called_ok(self):
        code = (
            "kernel = get_ipython().kernel\nkernel.session.send(kernel.iopub_socket, 'status', "
            "{'execution_state': 'idle'}, parent=kernel.get_parent())\nimport time; time.sleep(2)"
        )
        story = self.agent.run(code)
        self.assertEqual((story.status, story.error["ename"]), ("error", "NoReply"))
        self.assert_alive()

    def test_a_forged_giant_message_is_lost_and_said_to_be(self):
        # The connection is lost with the message; what is printed until there is another goes the same way.
        code = """
session, io = get_ipython().kernel.session, get_ipython().kernel.iopub_socket
import os, time
io.send_multipart([b'', b'x' * 200_000_000])
while not os.path.exists('heard'): print('after'); time.sleep(0.05)
"""
        story = self._flood("forged giant", code, on_text=lambda: self.agent.file("PUT", "heard", b""))
        self.assertEqual((story.status, set(story.text().split())), ("ok", {"after"}))
        self.assertEqual(self.run_ok("print('all of it')").text(), "all of it\n")


if __name__ == "__main__":
    unittest.main()
