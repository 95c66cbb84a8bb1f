"""The HTTP interface of docs/session-protocol.md. Errors take their shape here and nowhere else."""

import asyncio
import json
import os
import re
from dataclasses import dataclass
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler, stream_request_body

from .claim import Claim
from .disk import Disk
from .errors import AgentError, KernelUnavailable
from .executions import Execution
from .files import Upload, Workspace
from .keeper import KernelKeeper
from .runner import Runner
from .snapshots import MAX_LISTED, describe

MAX_JSON_BYTES = 8 * 1024 * 1024
MAX_CODE_CHARACTERS = 1024 * 1024
MAX_TIMEOUT_S = 3600.0
COPY_BYTES = 1024 * 1024
EXECUTION_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass
class Services:
    """What the routes speak to."""

    boot_id: str
    claim: Claim
    keeper: KernelKeeper
    runner: Runner
    workspace: Workspace
    disk: Disk
    shutdown: asyncio.Event


def invalid_request(message: str) -> AgentError:
    return AgentError(400, "invalid_request", message)


class Route(RequestHandler):
    """Authentication and the shape of errors."""

    open_to_all = False

    def initialize(self, services: Services) -> None:
        self.services = services

    def set_default_headers(self) -> None:
        self.set_header("server", "hourglass-agent")
        self.set_header("cache-control", "no-store")

    def prepare(self) -> None:
        if not self.open_to_all and not self.services.claim.admits(self.request.headers.get("authorization")):
            raise AgentError(401, "unauthorized", "the bearer token is missing or wrong")

    def compute_etag(self) -> None:
        return None

    def answer(self, status: int, body: dict[str, Any]) -> None:
        self.set_status(status)
        self.set_header("content-type", "application/json")
        self.finish(json.dumps(body))

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, (AgentError, StreamClosedError)):
            super().log_exception(kind, error, trace)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, AgentError):
            status, code, message = error.status, error.code, error.message
        elif isinstance(error, KernelUnavailable):
            status, code, message = 503, "kernel_unavailable", str(error)
        elif status_code < 500:
            status, code, message = status_code, "invalid_request", self._reason
        else:
            status, code, message = 500, "internal", "the agent failed; its log says more"
        self.answer(status, {"error": {"code": code, "message": message}})

    def json_body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError):
            raise invalid_request("the body is not JSON") from None
        if not isinstance(body, dict):
            raise invalid_request("the body is not a JSON object")
        return body

    async def follow(self, execution: Execution, position: int) -> None:
        self.set_header("content-type", "application/x-ndjson")
        try:
            async for lines in execution.follow(position):
                self.write(lines)
                await self.flush()
        except StreamClosedError:
            return  # the reader left; the execution carries on


class Health(Route):
    open_to_all = True

    def get(self) -> None:
        services = self.services
        keeper = services.keeper
        services.claim.refresh()
        state = "busy" if services.runner.busy else "idle" if keeper.ready_now else "starting"
        self.answer(
            200,
            {
                "state": "dead" if keeper.failure else state,
                "boot_id": services.boot_id,
                "generation": keeper.generation,
                "deadline": services.claim.deadline,
                "claimed": services.claim.claimed,
            },
        )


class Execute(Route):
    async def post(self) -> None:
        body = self.json_body()
        execution_id, code, timeout_s = body.get("execution_id"), body.get("code"), body.get("timeout_s", 120)
        if not isinstance(execution_id, str) or not EXECUTION_ID.fullmatch(execution_id):
            raise invalid_request("execution_id must be 1 to 128 of A-Z a-z 0-9 . _ : -")
        if not isinstance(code, str) or len(code) > MAX_CODE_CHARACTERS:
            raise invalid_request(f"code must be a string of at most {MAX_CODE_CHARACTERS} characters")
        if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s <= MAX_TIMEOUT_S:
            raise invalid_request(f"timeout_s must be a number above 0 and at most {MAX_TIMEOUT_S:.0f}")
        await self.follow(self.services.runner.execute(execution_id, code, timeout_s), 0)


class Executions(Route):
    async def get(self, execution_id: str) -> None:
        execution = self.services.runner.log.get(execution_id)
        if execution is None:
            raise AgentError(404, "unknown_execution", "no execution with this id is remembered")
        position = self.get_query_argument("from", "0") or "0"
        if not position.isascii() or not position.isdigit() or len(position) > 9:
            raise invalid_request("from must be a whole number from 0 on")
        await self.follow(execution, int(position))


class Interrupt(Route):
    def post(self) -> None:
        execution_id = self.json_body().get("execution_id")
        if execution_id is not None and not isinstance(execution_id, str):
            raise invalid_request("execution_id must be a string")
        self.answer(202, {"interrupted": self.services.runner.interrupt(execution_id)})


class Restart(Route):
    async def post(self) -> None:
        self.answer(200, {"generation": await self.services.runner.restart()})


class Shutdown(Route):
    def post(self) -> None:
        self.answer(202, {})
        self.services.shutdown.set()


class FileList(Route):
    async def get(self) -> None:
        snapshot = await self.services.disk.look()
        paths = sorted(snapshot.files)[:MAX_LISTED]
        self.answer(200, {"files": [describe(path, snapshot.files[path]) for path in paths]})


@stream_request_body
class File(Route):
    """One file, streamed both ways: memory does not grow with its size."""

    upload: Upload | None = None
    # Answered after the whole body was read and dropped: a sender that is cut off may never see the answer.
    refusal: AgentError | None = None
    room = 0

    async def prepare(self) -> None:
        super().prepare()
        if self.request.method != "PUT":
            return
        # Before the first await: the body's length is checked as soon as we give way.
        self.request.connection.set_max_body_size(1 << 62)
        try:
            self.room = self.services.disk.limit_bytes - (await self.services.disk.look()).used_bytes
            length = self.request.headers.get("content-length", "")
            if length.isdigit() and int(length) > self.room:
                raise self._too_large()
            self.upload = self.services.workspace.open_upload(self.path_kwargs["path"])
        except AgentError as error:
            self.refusal = error

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
        self.answer(201, describe(path, self.upload.commit()))

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
                    self.request.connection.stream.close()
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


class Unknown(Route):
    def prepare(self) -> None:
        super().prepare()
        raise AgentError(404, "not_found", "there is no such call")


def application(services: Services) -> Application:
    """All routes."""
    given = {"services": services}
    return Application(
        [
            (r"/healthz", Health, given),
            (r"/v1/execute", Execute, given),
            (r"/v1/executions/([^/]+)", Executions, given),
            (r"/v1/interrupt", Interrupt, given),
            (r"/v1/restart", Restart, given),
            (r"/v1/shutdown", Shutdown, given),
            (r"/v1/files", FileList, given),
            (r"/v1/files/(?P<path>.*)", File, given),
        ],
        default_handler_class=Unknown,
        default_handler_args=given,
        log_function=lambda handler: None,
    )
