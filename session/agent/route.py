"""What all routes share: authentication, bodies, answers. Errors take their shape here and nowhere else."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from .claim import Claim
from .disk import Disk
from .errors import AgentError, KernelUnavailable
from .executions import Execution
from .files import Workspace
from .keeper import KernelKeeper
from .runner import Runner


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

    async def prepare(self) -> None:
        if not self.open_to_all and not self.services.claim.admits(self.request.headers.get("authorization")):
            raise AgentError(401, "unauthorized", "the bearer token is missing or wrong")

    def compute_etag(self) -> None:
        return None

    def answer(self, status: int, body: dict[str, Any]) -> None:
        self.set_status(status)
        self.set_header("content-type", "application/json")
        self.finish(json.dumps(body))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, (AgentError, StreamClosedError)):
            super().log_exception(typ, value, tb)

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
