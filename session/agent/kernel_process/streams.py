"""stdout and stderr of a kernel: bounded per execution, complete at its end, safe for any bytes.

The agent bounds output too and trusts none of this; it is here so that a gigabyte of output is
dropped where it is written instead of being carried through two processes first.
"""

import codecs
import os
import select
import threading
import time

from ipykernel.iostream import OutStream

CHUNK_BYTES = 65536
DRAIN_S = 0.5
DESCRIPTORS = {"stdout": 1, "stderr": 2}


class BoundedStream(OutStream):
    """An OutStream that swallows what exceeds the limit of the execution that runs."""

    limit = 1 << 20

    def __init__(self, *args, **kwargs):
        self._request = None
        self._written = 0
        # Held while output of child processes is on its way from the pipe to the buffer.
        self._moving = threading.Lock()
        kwargs["echo"] = None
        super().__init__(*args, **kwargs)

    def write(self, string):
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        parent = self.parent_header
        request = parent.get("msg_id") if parent else None
        if request != self._request:
            self._request, self._written = request, 0
        # A little more than the limit, so that the agent sees that there was more and says so.
        room = self.limit + 1024 - self._written
        if room > 0:
            self._written += min(len(string), room)
            super().write(string if len(string) <= room else string[:room])
        return len(string)

    def fileno(self):
        # ipykernel gives a copy of what 1 and 2 were before: what a child process writes there, nobody sees.
        if getattr(self, "_fid", None) is None:
            return super().fileno()
        return DESCRIPTORS[self.name]

    def _watch_pipe_fd(self):
        # ipykernel's own loop ends at the first byte that is not UTF-8, after which writers block for ever.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while self._should_watch:
            select.select([self._fid], [], [])
            with self._moving:
                chunk = os.read(self._fid, CHUNK_BYTES)
                if not chunk:
                    return
                text = decoder.decode(chunk)
                if text:
                    self.write(text)

    def flush(self):
        # What a child process wrote must not come after the end of the execution that started it.
        if threading.current_thread() is threading.main_thread() and os.getpid() == self._master_pid:
            give_up = time.monotonic() + DRAIN_S
            while self._waiting() and time.monotonic() < give_up:
                time.sleep(0.0005)
            with self._moving:
                pass
        super().flush()

    def _waiting(self):
        return bool(getattr(self, "_fid", None)) and bool(select.select([self._fid], [], [], 0)[0])
