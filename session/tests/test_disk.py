"""No code and no upload fills the disk, however it hides what it writes."""

import os
import unittest

from support import TOKEN, AgentCase


class DiskIsBounded(AgentCase):
    settings = {"AGENT_DATA_BYTES": "20000000", "AGENT_FILE_BYTES": "50000000"}

    def tearDown(self):
        self.run_ok("import os\nfor f in os.listdir(): os.remove(f)")

    def test_uploads_beyond_the_limit_are_refused(self):
        self.assertEqual(self.agent.file("PUT", "fits", bytes(15_000_000)).status, 201)
        answer = self.agent.file("PUT", "too much", bytes(6_000_000))
        self.assertEqual((answer.status, answer.code), (507, "disk_full"))
        connection = self.agent.connection()
        chunks = (bytes(1_000_000) for _ in range(6))
        connection.request(
            "PUT", "/v1/files/chunked", chunks, {"authorization": f"Bearer {TOKEN}"}, encode_chunked=True
        )
        self.assertEqual(connection.getresponse().status, 507)
        connection.close()
        self.assertEqual(sorted(os.listdir(self.agent.data)), ["fits"])

    def test_code_that_fills_the_disk_is_stopped_with_a_reason(self):
        code = (
            "import time\ni = 0\nwhile True:\n    i += 1\n"
            "    open(f'f{i}', 'wb').write(bytes(1_000_000)); time.sleep(0.005)"
        )
        story = self.agent.run(code)
        self.assertEqual((story.status, story.error["ename"]), ("error", "DiskFull"))
        self.assertIn("20000000 bytes", story.error["evalue"])
        # What is there can be removed, although the folder is still too full.
        self.run_ok("import os, time\nfor f in os.listdir(): os.remove(f)\ntime.sleep(1)")

    def test_folders_within_folders_hide_nothing(self):
        deep = "import os, time\nfor _ in range(150): os.mkdir('d' * 100); os.chdir('d' * 100)\ntime.sleep(5)"
        try:
            # At the second attempt it is there already: then its size still counts.
            self.assertIn("64 folders within", self.agent.run(deep).error["evalue"])
            code = "for i in range(6): open(f'{i}', 'wb').write(bytes(10_000_000))\ntime.sleep(20)"
            story = self.agent.run(code)
            self.assertEqual((story.status, story.error["ename"]), ("error", "DiskFull"), story.lines)
            self.assertIn("20000000 bytes", story.error["evalue"])
            self.run_ok("import time; time.sleep(1)")
        finally:
            self.run_ok(f"os.chdir({str(self.agent.data)!r}); os.system('rm -rf ddd*');")

    def test_a_folder_that_is_closed_hides_nothing(self):
        code = (
            "import os, time\nos.mkdir('closed'); os.chmod('closed', 0)\nfor i in range(6):\n"
            "    os.chmod('closed', 0o700); open(f'closed/{i}', 'wb').write(bytes(10_000_000))\n"
            "    os.chmod('closed', 0)\n"
            "time.sleep(20)"
        )
        self.assertEqual(self.agent.run(code).error["ename"], "DiskFull")
        self.run_ok("os.system('chmod 700 closed; rm -r closed');")

    def test_the_scratch_folder_counts_too(self):
        code = (
            "import time, tempfile\nwhile True:\n"
            "    tempfile.NamedTemporaryFile(delete=False).write(bytes(1_000_000)); time.sleep(0.005)"
        )
        self.assertEqual(self.agent.run(code).error["ename"], "DiskFull")

    def test_one_file_is_bounded_with_an_ordinary_error(self):
        story = self.agent.run("open('large', 'wb').truncate(60_000_000)")
        self.assertIn("File too large", story.error["evalue"])
        self.assertEqual(self.run_ok("open('sparse', 'wb').truncate(40_000_000)").files, ["sparse"])


if __name__ == "__main__":
    unittest.main()
