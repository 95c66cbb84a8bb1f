"""stdout and stderr of a kernel: bounded per execution, and safe for output that is not UTF-8.

The agent bounds output too and trusts none of this; it is here so that a gigabyte of output is
dropped where it is written instead of being carried through two processes first.
"""

import codecs
import os

from ipykernel.iostream import OutStream


class BoundedStream(OutStream):
    """An OutStream that swallows what exceeds the limit of the execution that runs."""

    limit = 1 << 20
    echo_descriptors = False

    def __init__(self, *args, **kwargs):
        self._request = None
        self._written = 0
        kwargs["echo"] = None
        super().__init__(*args, **kwargs)

    def write(self, string):
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        request = self.parent_header.get("msg_id") if self.parent_header else None
        if request != self._request:
            self._request, self._written = request, 0
        # A little more than the limit, so that the agent sees that there was more and says so.
        room = self.limit + 1024 - self._written
        if room > 0:
            self._written += min(len(string), room)
            super().write(string if len(string) <= room else string[:room])
        return len(string)

    def _watch_pipe_fd(self):
        # ipykernel's own loop ends at the first byte that is not UTF-8, after which writers block for ever.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while self._should_watch:
            try:
                chunk = os.read(self._fid, 65536)
            except OSError:
                return
            if not chunk:
                return
            text = decoder.decode(chunk)
            if text:
                self.write(text)
