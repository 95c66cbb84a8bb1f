"""Text that was meant for a terminal is readable without one, however it is cut into pieces."""

import random
import sys
import time
import unittest

from support import SESSION, AgentCase

sys.path.insert(0, str(SESSION))
from agent.terminal import PlainStream, plain

WRITTEN = (
    "a\x1b[1;31mred\x1b[0m\x1b[K b\r\n"
    "\x1b]0;title\x07c\x1b]8;;http://x\x1b\\link\r\r\n10%\r20%\x1b(B\x1b7\x1b[?25hend\n"
)
READ = "ared b\nclink\n10%\r20%end\n"


def in_pieces(*pieces):
    stream = PlainStream()
    return "".join(stream.clean(piece) for piece in pieces)


class TextIsPlain(unittest.TestCase):
    def test_whole_and_in_any_pieces(self):
        self.assertEqual(in_pieces(WRITTEN), READ)
        self.assertEqual(in_pieces(*WRITTEN), READ)
        chance = random.Random(1)
        for _ in range(500):
            cuts = sorted(chance.choices(range(len(WRITTEN)), k=4))
            pieces = [WRITTEN[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
            self.assertEqual(in_pieces(*pieces), READ, pieces)

    def test_ordinary_text_is_left_alone(self):
        for text in ("", "a\n", "tab\t\x00 \ud800", "50%\r100%\n", "[31m"):
            self.assertEqual(in_pieces(text), text)

    def test_a_sequence_without_end_does_not_swallow_what_follows(self):
        self.assertIn("after\n", in_pieces("\x1b]title without an end\n", "after\n"))
        self.assertIn("after", in_pieces("\x1b]" + "x" * 10_000, "y" * 10_000, "after\n"))
        self.assertEqual(plain("\x1b[31mred\x1b[0m"), "red")

    def test_no_text_takes_long(self):
        started = time.process_time()
        in_pieces(*["\x1b[" * 20_000] * 5, *["\r" * 50_000] * 5, "\x1b]" * 50_000, "\n")
        self.assertLess(time.process_time() - started, 1)


class StreamsArePlain(AgentCase):
    def test_of_programs_that_colour_their_output(self):
        self.assertEqual(self.run_ok("!printf 'a\\033[31mb\\033[0m\\n'; seq 1 3").text(), "ab\n1\n2\n3\n")
        code = (
            "import sys, time\nfor piece in ('x\\x1b', '[3', '1my', '\\r', '\\n'):\n"
            "    print(piece, end='', flush=True, file=sys.stderr); time.sleep(0.1)"
        )
        self.assertEqual(self.run_ok(code).text("stderr"), "xy\n")


if __name__ == "__main__":
    unittest.main()
