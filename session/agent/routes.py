"""The calls of docs/session-protocol.md."""

import re

from tornado.web import Application

from .errors import AgentError
from .file_routes import File, FileList
from .route import Route, Services, invalid_request

MAX_JSON_BYTES = 8 * 1024 * 1024
MAX_CODE_CHARACTERS = 1024 * 1024
MAX_TIMEOUT_S = 3600.0
EXECUTION_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


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


class Unknown(Route):
    async def prepare(self) -> None:
        await super().prepare()
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
