"""Files in and out, streamed both ways: memory does not grow with their size."""

import asyncio
import os
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from .errors import AgentError
from .files import Upload
from .route import Route, invalid_request
from .snapshots import describe, listing

COPY_BYTES = 1024 * 1024


class FileList(Route):
    async def get(self) -> None:
        snapshot = await self.services.disk.look()
        self.answer(200, {"files": listing(snapshot, sorted(snapshot.files))})


@stream_request_body
class File(Route):
    """One file."""

    upload: Upload | None = None
    # Answered after the whole body was read and dropped: a sender that is cut off may never see the answer.
    refusal: AgentError | None = None
    room = 0

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method != "PUT":
            return
        # Before the first await: the body's length is checked as soon as we give way.
        self._connection.set_max_body_size(1 << 62)
        try:
            self.room = self.services.disk.limit_bytes - (await self.services.disk.look()).used_bytes
            length = self.request.headers.get("content-length", "")
            if length.isdigit() and int(length) > self.room:
                raise self._too_large()
            self.upload = self.services.workspace.open_upload(self.path_kwargs["path"])
        except AgentError as error:
            self.refusal = error

    @property
    def _connection(self) -> HTTP1Connection:
        return cast(HTTP1Connection, self.request.connection)

    def _too_large(self) -> AgentError:
        return AgentError(507, "disk_full", f"the data folder may hold {self.services.disk.limit_bytes} bytes")

    async def data_received(self, chunk: bytes) -> None:
        if self.upload is None:
            return
        try:
            if self.upload.size + len(chunk) > self.room:
                raise self._too_large()
            await asyncio.to_thread(self.upload.write, chunk)
        except AgentError as error:
            self._close_upload()
            self.refusal = error

    def put(self, path: str) -> None:
        if self.upload is None:
            raise self.refusal or invalid_request("there is no body")
        stamp = self.upload.commit()
        self.services.runner.known_files.note(path, stamp)
        self.answer(201, describe(path, stamp))

    async def get(self, path: str) -> None:
        file, stamp = self.services.workspace.open_file(path, self.services.keeper.kernel_uid())
        try:
            self.set_header("content-type", "application/octet-stream")
            self.set_header("content-length", str(stamp.bytes))
            left = stamp.bytes if self.request.method == "GET" else 0
            while left > 0:
                chunk = await asyncio.to_thread(os.read, file, min(left, COPY_BYTES))
                if not chunk:
                    # It was cut short while we read: the reader must not take it for whole.
                    if (stream := self._connection.stream) is not None:
                        stream.close()
                    return
                left -= len(chunk)
                self.write(chunk)
                await self.flush()
            if self.request.method == "HEAD":
                await self.flush()
        except StreamClosedError:
            return  # the reader left
        finally:
            os.close(file)

    head = get

    def delete(self, path: str) -> None:
        self.services.workspace.delete(path)
        self.services.runner.known_files.note(path, None)
        self.set_status(204)
        self.clear_header("content-type")

    def on_finish(self) -> None:
        self._close_upload()

    def on_connection_close(self) -> None:
        self._close_upload()

    def _close_upload(self) -> None:
        if self.upload is not None:
            self.upload.close()
            self.upload = None
