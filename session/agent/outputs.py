"""Kernel messages → lines of an execution, within bounds. The messages may be forged: nothing in them is trusted."""

import asyncio
from typing import Any

from .channels import LOST
from .executions import Execution
from .rich import embedded_image, middle_cut, rich_text
from .terminal import PlainStream, plain

COALESCE_S = 0.05
COALESCE_BYTES = 32 * 1024
MAX_IMAGE_BYTES = 12 * 1024 * 1024
MAX_IMAGES_BYTES = 32 * 1024 * 1024
MAX_IMAGES = 64
MAX_ERRORS = 8
MAX_TRACEBACK_CHARACTERS = 32 * 1024
MAX_MESSAGE_CHARACTERS = 4 * 1024
IMAGE_TYPES = ("image/png", "image/jpeg")


class OutputCollector:
    """Takes what the kernel publishes about one execution and appends lines to it."""

    def __init__(self, execution: Execution, limit_bytes: int) -> None:
        self.idle = asyncio.Event()
        self.saw_error = False
        self._execution = execution
        self._limit = limit_bytes
        self._room = limit_bytes
        self._image_room = MAX_IMAGES_BYTES
        self._images = 0
        self._errors = 0
        self._truncated = False
        self._images_cut = False
        self._stream = ""
        self._plain = {"stdout": PlainStream(), "stderr": PlainStream()}
        self._pieces: list[str] = []
        self._pending = 0
        self._timer: asyncio.TimerHandle | None = None
        self._last_flush = 0.0

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Handles one published message; unknown kinds are ignored."""
        if kind == "stream":
            self._take_stream(content)
            return
        if kind == "status":
            if content.get("execution_state") == "idle":
                self.flush()
                self.idle.set()
            return
        self.flush()
        if kind in ("display_data", "execute_result", "update_display_data"):
            self._take_rich(content.get("data"))
        elif kind == "error":
            self._take_error(content)
        elif kind == LOST:
            self.truncate()

    def _take_stream(self, content: dict[str, Any]) -> None:
        name, text = content.get("name"), content.get("text")
        if self._room < 0 or name not in ("stdout", "stderr") or not isinstance(text, str) or not text:
            return
        if name != self._stream:
            self.flush()
            self._stream = name
        text = self._plain[name].clean(self._fit(text))
        self._pieces.append(text)
        self._pending += len(text)
        if self._room < 0:
            self.flush()
            self.truncate()
        elif self._pending >= COALESCE_BYTES:
            self.flush()
        elif self._timer is None:
            # At once after a pause, joined with what follows in a flood.
            loop = asyncio.get_running_loop()
            due = self._last_flush + COALESCE_S
            if loop.time() >= due:
                self.flush()
            else:
                self._timer = loop.call_at(due, self.flush)

    def _fit(self, text: str) -> str:
        """Takes as much of the text as there is room for; no room is left when it did not fit."""
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if size <= self._room:
            self._room -= size
            return text
        cut = text[: self._room].encode("utf-8", "surrogatepass")[: self._room].decode("utf-8", "ignore")
        self._room = -1
        return cut

    def flush(self) -> None:
        """Writes the stream text that was held back to be joined."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pieces:
            text = "".join(self._pieces)
            self._pieces, self._pending = [], 0
            self._last_flush = asyncio.get_running_loop().time()
            if text:
                self._execution.emit("stream", name=self._stream, text=text)

    def truncate(self) -> None:
        """Says, once, that text is missing."""
        if not self._truncated:
            self._truncated = True
            self._execution.emit("truncated", limit_bytes=self._limit)

    def _take_rich(self, data: object) -> None:
        if not isinstance(data, dict):
            return
        for mime in IMAGE_TYPES:
            image = data.get(mime)
            if isinstance(image, str):
                image = image.replace("\n", "")
                self._take_image(mime, image)
                return
        embedded = embedded_image(data)
        if embedded is not None:
            self._take_image(*embedded)
            return
        text = rich_text(data)
        if text and self._room >= 0:
            text = self._fit(text)
            if text:
                self._execution.emit("execute_result", text=text)
            if self._room < 0:
                self.truncate()

    def _take_image(self, mime: str, image: str) -> None:
        if len(image) <= min(MAX_IMAGE_BYTES, self._image_room) and self._images < MAX_IMAGES:
            self._images += 1
            self._image_room -= len(image)
            self._execution.emit("display_data", mime=mime, data=image)
        elif not self._images_cut:
            # Pictures have bounds of their own: text that follows them still arrives.
            self._images_cut = True
            self._execution.emit("truncated", what="images", limit_bytes=MAX_IMAGES_BYTES)

    def _take_error(self, content: dict[str, Any]) -> None:
        frames = content.get("traceback")
        lines = [plain(frame) for frame in frames] if isinstance(frames, list) else []
        self.error(plain(content.get("ename")), plain(content.get("evalue")), "\n".join(lines))

    def error(self, name: str, value: str, traceback: str) -> None:
        """Writes an error line, shortened where it is excessive."""
        self._errors += 1
        self.saw_error = True
        if self._errors <= MAX_ERRORS:
            self._execution.emit(
                "error",
                ename=name[:256],
                evalue=middle_cut(value, MAX_MESSAGE_CHARACTERS),
                traceback=middle_cut(traceback, MAX_TRACEBACK_CHARACTERS),
            )
