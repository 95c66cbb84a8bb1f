"""Files go in and come out unchanged, are found when code writes them, and no path leads outside."""

import hashlib
import os
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import TOKEN, AgentCase, wait_until

BIG = 512 * 1024 * 1024


class FilesRoundTrip(AgentCase):
    def test_bytes_come_back_as_they_went_in(self):
        for path in (
            "plain.csv",
            "with space.txt",
            "a/b/c.bin",
            "ünï/日本 😀.txt",
            "100%25.txt",
            "q?x#y&z=1;.txt",
            "-rf",
            "new\nline",
        ):
            content = os.urandom(100_000)
            answer = self.agent.file("PUT", path, content)
            self.assertEqual(answer.status, 201, path)
            self.assertEqual((answer.json()["path"], answer.json()["bytes"]), (path, len(content)))
            got = self.agent.file("GET", path)
            self.assertEqual((got.status, got.body, got.headers["content-length"]), (200, content, str(len(content))))
            head = self.agent.file("HEAD", path)
            self.assertEqual((head.status, head.body, head.headers["content-length"]), (200, b"", str(len(content))))
            listed = {file["path"]: file["bytes"] for file in self.agent.call("GET", "/v1/files").json()["files"]}
            self.assertEqual(listed[path], len(content))
            self.assertEqual(self.run_ok(f"len(open({path!r}, 'rb').read())").result, str(len(content)))
            self.assertEqual(self.agent.file("DELETE", path).status, 204)
            self.assertEqual(self.agent.file("GET", path).code, "not_found")

    def test_an_empty_file_and_a_replaced_one(self):
        self.assertEqual(self.agent.file("PUT", "empty", b"").json()["bytes"], 0)
        self.assertEqual(self.agent.file("GET", "empty").body, b"")
        self.agent.file("PUT", "empty", b"no more")
        self.assertEqual(self.agent.file("GET", "empty").body, b"no more")

    def test_a_body_without_a_length(self):
        connection = self.agent.connection()
        headers = {"authorization": f"Bearer {TOKEN}"}
        connection.request("PUT", "/v1/files/chunked", iter([b"a" * 70_000, b"b"]), headers, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 201)
        self.assertEqual(self.agent.file("GET", "chunked").body, b"a" * 70_000 + b"b")
        connection.close()

    def test_an_upload_that_breaks_off_leaves_nothing(self):
        self.agent.file("PUT", "kept", b"old")
        connection = self.agent.connection()
        connection.putrequest("PUT", "/v1/files/kept")
        connection.putheader("authorization", f"Bearer {TOKEN}")
        connection.putheader("content-length", "1000000")
        connection.endheaders(b"x" * 1000)
        connection.close()
        self.assertEqual(self.agent.file("GET", "kept").body, b"old")
        wait_until(lambda: not list(self.agent.data.glob(".hourglass-*")), "the end of the broken upload")

    def test_half_a_gigabyte_with_flat_memory(self):
        block = os.urandom(1 << 20)
        before = self._peak()
        started = time.monotonic()
        connection = self.agent.connection()
        headers = {"authorization": f"Bearer {TOKEN}", "content-length": str(BIG)}
        connection.request("PUT", "/v1/files/big.bin", (block for _ in range(BIG // len(block))), headers)
        response = connection.getresponse()
        self.assertEqual((response.status, response.read() != b""), (201, True))
        put = time.monotonic() - started
        connection.request("GET", "/v1/files/big.bin", headers={"authorization": f"Bearer {TOKEN}"})
        response, digest = connection.getresponse(), hashlib.sha256()
        while chunk := response.read(1 << 20):
            digest.update(chunk)
        connection.close()
        expected = hashlib.sha256()
        for _ in range(BIG // len(block)):
            expected.update(block)
        grown = (self._peak() - before) / 1e6
        print(
            f"\n512 MB: PUT {put:.1f} s, GET {time.monotonic() - started - put:.1f} s, agent +{grown:.0f} MB",
            flush=True,
        )
        self.assertEqual(digest.hexdigest(), expected.hexdigest())
        self.assertLess(grown, 64)
        self.agent.file("DELETE", "big.bin")

    def _peak(self):
        status = Path(f"/proc/{self.agent.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024


class OutputFilesAreFound(AgentCase):
    def test_new_changed_and_deleted_files(self):
        self.run_ok("open('same', 'w').write('1'); open('changed', 'w').write('1'); open('gone', 'w').write('1');")
        story = self.run_ok(
            "import os\nos.makedirs('sub/sub two', exist_ok=True)\nopen('sub/sub two/ü.txt', 'w').write('12')\n"
            "open('changed', 'w').write('2'); os.remove('gone'); open('.hidden', 'w').write('x')\n"
            "os.symlink('/etc/passwd', 'link'); os.mkfifo('pipe')"
        )
        self.assertEqual(story.files, ["changed", "sub/sub two/ü.txt"])
        self.assertEqual(story.done["deleted"], ["gone"])
        self.assertEqual(story.done["files"][1]["bytes"], 2)

    def test_what_is_written_between_executions_is_told_by_the_next(self):
        self.run_ok("open('early', 'w').write('x')")
        story = self.run_ok(
            "import subprocess\n"
            "subprocess.Popen('sleep 0.3; echo late > late; rm early; touch over', shell=True)\nprint('begun')"
        )
        self.assertEqual(story.files, [])
        wait_until(lambda: (self.agent.data / "over").exists(), "the late writer")
        story = self.run_ok("1")
        self.assertEqual((story.files, story.done["deleted"]), (["late", "over"], ["early"]))
        self.assertEqual(self.run_ok("1").files, [])

    def test_what_the_backend_did_itself_is_no_news(self):
        self.run_ok("open('old', 'w').write('x')")
        for path in ("put", ".dot", "a/.b/put", "a/put"):
            self.agent.file("PUT", path, b"1")
        self.agent.file("DELETE", "old")
        story = self.run_ok("1")
        self.assertEqual((story.files, story.done["deleted"]), ([], []))
        self.assertEqual(self.run_ok("open('put', 'w').write('2')").files, ["put"])
        self.assertEqual(self.run_ok("import os; os.remove('a/put')").done["deleted"], ["a/put"])

    def test_a_file_replaced_with_same_size_and_time_counts_as_changed(self):
        self.run_ok("open('twin', 'w').write('1')")
        story = self.run_ok(
            "import os\ns = os.stat('twin'); open('new', 'w').write('2')\n"
            "os.utime('new', ns=(s.st_mtime_ns, s.st_mtime_ns)); os.rename('new', 'twin')"
        )
        self.assertEqual(story.files, ["twin"])

    def test_files_are_reported_after_errors_and_time_limits_too(self):
        self.assertEqual(self.agent.run("open('before error', 'w').write('x'); 1/0").files, ["before error"])
        story = self.agent.run("open('before limit', 'w').write('x')\nwhile True: pass", timeout_s=0.5)
        self.assertEqual(story.files, ["before limit"])

    def test_names_that_are_not_utf8_are_left_out(self):
        story = self.run_ok("open(b'bad\\xff', 'w').write('x'); open('good', 'w').write('x')")
        self.assertEqual(story.files, ["good"])
        self.assertEqual(self.agent.call("GET", "/v1/files").status, 200)

    def test_very_many_files_are_capped(self):
        story = self.run_ok("import os\nos.mkdir('many')\nfor i in range(10_500): open(f'many/{i:05}', 'w').close()")
        self.assertEqual((len(story.files), story.done.get("more")), (10_000, True))
        self.assertEqual(len(self.agent.call("GET", "/v1/files").json()["files"]), 10_000)
        self.run_ok("import shutil; shutil.rmtree('many')")

    def test_two_looks_at_once_see_everything(self):
        self.run_ok("import os\nos.mkdir('seen')\nfor i in range(3000): open(f'seen/{i}', 'w').close()")
        self.run_ok("for i in range(3000): open(f'{i}', 'w').close()")

        def count(_):
            return len(self.agent.call("GET", "/v1/files").json()["files"])

        with ThreadPoolExecutor(8) as pool:
            counts = set(pool.map(count, range(40)))
        self.assertEqual(len(counts), 1, counts)
        self.run_ok("import shutil; shutil.rmtree('seen')\nfor i in range(3000): os.remove(f'{i}')")

    def test_a_large_sparse_file_keeps_its_size(self):
        story = self.run_ok("f = open('sparse', 'wb'); f.truncate(10**9); f.close()")
        self.assertEqual(story.done["files"][0]["bytes"], 10**9)
        self.agent.file("DELETE", "sparse")


class PathsStayInside(AgentCase):
    def test_paths_that_lead_outside_are_refused(self):
        (self.agent.folder / "secret").write_text("secret")
        for path in (
            "../secret",
            "a/../../secret",
            "/etc/passwd",
            "./x",
            "a//b",
            "",
            "a/",
            "..",
            ".",
            "%00",
            "x" * 300,
            "a/" * 600 + "x",
            ".hourglass-1.part",
            "..%2fsecret",
            "%2fetc%2fpasswd",
            "%2e%2e/secret",
        ):
            for method, body in (("GET", None), ("PUT", b"x"), ("DELETE", None), ("HEAD", None)):
                answer = self.agent.call(method, "/v1/files/" + path, body)
                self.assertEqual(answer.status, 400, (method, path))
                if method != "HEAD":
                    self.assertEqual(answer.code, "invalid_path", (method, path))
        self.assertEqual((self.agent.folder / "secret").read_text(), "secret")

    def test_links_to_files_of_the_folder_count_as_files(self):
        code = (
            "import os; os.makedirs('deep/er', exist_ok=True); open('deep/real.txt', 'w').write('one')\n"
            "os.symlink('deep/real.txt', 'short'); os.symlink('../real.txt', 'deep/er/up')\n"
            "os.symlink(os.getcwd() + '/deep/real.txt', 'absolute'); os.symlink('short', 'chain')\n"
            "os.symlink('loop', 'loop'); os.symlink('nowhere', 'dangling'); os.symlink('deep', 'folder')\n"
            "os.symlink('folder/real.txt', 'through a folder'); os.symlink('../' * 30 + 'etc/passwd', 'out')\n"
            "os.symlink(os.getcwd() + '/../../etc/passwd', 'out too'); os.symlink('/etc/passwd', 'away');"
        )
        links = ["absolute", "chain", "deep/er/up", "short"]
        self.assertEqual(sorted(self.run_ok(code).files), sorted([*links, "deep/real.txt"]))
        for path in links:
            self.assertEqual(self.agent.file("GET", path).body, b"one", path)
        for path in ("loop", "dangling", "folder", "through a folder", "out", "out too", "away"):
            self.assertIn(self.agent.file("GET", path).status, (400, 403, 404), path)
        changed = self.run_ok("open('deep/real.txt', 'w').write('two');")
        self.assertEqual(sorted(changed.files), sorted([*links, "deep/real.txt"]))
        self.assertEqual(sorted(self.run_ok("os.remove('deep/real.txt')").done["deleted"]), sorted([*links, "deep/real.txt"]))
        self.run_ok("import shutil; shutil.rmtree('deep'); [os.remove(p) for p in os.listdir() if os.path.islink(p)];")

    def test_links_out_of_the_folder_are_never_followed(self):
        (self.agent.folder / "outside").mkdir(exist_ok=True)
        (self.agent.folder / "outside" / "secret").write_text("secret")
        self.run_ok("import os; os.symlink('../outside', 'folder link'); os.symlink('../outside/secret', 'file link')")
        for path, status in (("folder link/secret", 400), ("file link", 403), ("folder link", 403)):
            self.assertEqual(self.agent.file("GET", path).status, status, path)
        self.assertEqual(self.agent.file("PUT", "folder link/new", b"x").status, 400)
        self.assertEqual(self.agent.file("DELETE", "folder link/secret").status, 400)
        # Writing to a link replaces the link, not what it names.
        self.assertEqual(self.agent.file("PUT", "file link", b"mine").status, 201)
        self.assertEqual((self.agent.folder / "outside" / "secret").read_text(), "secret")
        self.assertEqual(os.listdir(self.agent.folder / "outside"), ["secret"])
        self.assertEqual(self.agent.file("DELETE", "folder link").status, 204)

    def test_a_folder_that_becomes_a_link_again_and_again(self):
        (self.agent.folder / "target").mkdir(exist_ok=True)
        code = (
            "import os, shutil\nos.makedirs('real', exist_ok=True)\n"
            "while not os.path.exists('stop'):\n"
            "    try:\n"
            "        os.rename('real', 'flip'); os.symlink('../target', 'real'); os.remove('real'); os.rename('flip', 'real')\n"
            "    except OSError:\n"
            "        shutil.rmtree('flip', ignore_errors=True)\n"
        )
        reader = self.agent.start(code)
        next(reader)
        statuses = {self.agent.file("PUT", "real/inside", b"x").status for _ in range(300)}
        self.agent.file("PUT", "stop", b"")
        self.assertEqual(list(reader)[-1]["status"], "ok")
        self.assertEqual(os.listdir(self.agent.folder / "target"), [])
        self.assertLessEqual(statuses, {201, 400, 403, 404})

    def test_only_regular_files_are_served(self):
        self.run_ok(
            "import os, socket; os.mkfifo('a pipe'); os.mkdir('a folder'); socket.socket(socket.AF_UNIX).bind('a socket')"
        )
        for path in ("a pipe", "a folder", "a socket"):
            self.assertEqual(self.agent.file("GET", path).code, "not_regular", path)
        self.assertEqual(self.agent.file("PUT", "a folder", b"x").code, "invalid_path")
        self.assertEqual(self.agent.file("DELETE", "a folder").code, "not_regular")
        self.assertEqual(self.agent.file("PUT", "a pipe/x", b"x").code, "invalid_path")


if __name__ == "__main__":
    unittest.main()
