"""The agent's life: listen, keep a kernel, end at the deadline, leave no process behind."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
import uuid

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket

from .claim import Claim
from .config import Config, InvalidConfig, read_environment
from .disk import Disk
from .errors import KernelUnavailable
from .file_routes import COPY_BYTES
from .files import Workspace
from .keeper import KernelKeeper
from .launch import Folders
from .processes import KernelUser, protect_this_process
from .route import Services
from .routes import MAX_JSON_BYTES, application
from .runner import Runner
from .sharing import Sharing

log = logging.getLogger("agent")
CHECK_S = 1.0


def _listen(server: HTTPServer, address: str) -> None:
    if address.startswith("unix:"):
        server.add_socket(bind_unix_socket(address[len("unix:") :], mode=0o600))
        return
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise InvalidConfig(f"AGENT_LISTEN must be host:port or unix:/path, not {address!r}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server.listen(int(port), host.strip("[]"), family)


async def _check(config: Config, user: KernelUser) -> None:
    """Says at the start what would otherwise fail in the middle of a session."""
    data = str(config.data_dir)
    if not os.path.isdir(data):
        raise InvalidConfig(f"AGENT_DATA_DIR {data} is not a folder")
    if user.separate and await user.run("/bin/true") != 0:
        raise InvalidConfig("AGENT_RUN_AS does not work here: its command cannot start /bin/true")
    if user.separate and await user.run("/usr/bin/test", "-w", data, "-a", "-x", data) != 0:
        raise InvalidConfig(f"AGENT_RUN_AS: the kernel's user cannot write to AGENT_DATA_DIR {data}")


async def _until_over(config: Config, claim: Claim, shutdown: asyncio.Event) -> str:
    """Waits for the deadline, for the end of an unclaimed wait, or for a request; returns which."""
    born = time.monotonic()
    while not shutdown.is_set():
        claim.refresh()
        if claim.deadline is not None and time.time() >= claim.deadline:
            return "deadline"
        if config.unclaimed_ttl_s and not claim.claimed and time.monotonic() - born >= config.unclaimed_ttl_s:
            return "never claimed"
        pause = CHECK_S if claim.deadline is None else min(CHECK_S, max(0.01, claim.deadline - time.time()))
        try:
            await asyncio.wait_for(shutdown.wait(), pause)
        except asyncio.TimeoutError:
            continue
    return "requested"


async def serve(config: Config) -> int:
    """Runs the agent and returns its exit code."""
    user = KernelUser(config.run_as)
    await _check(config, user)
    sharing = Sharing.of(config.data_dir, user.separate)
    folders = Folders(config, sharing)
    workspace = Workspace(config.data_dir, sharing)
    shutdown = asyncio.Event()
    keeper = KernelKeeper(config, folders, user, on_fatal=shutdown.set)
    keeper.start()
    claim = Claim(config)
    disk = Disk(workspace, folders.scratch, user, config.limits.data_bytes)
    runner = Runner(keeper, disk, config.limits)
    services = Services(
        boot_id=uuid.uuid4().hex,
        claim=claim,
        keeper=keeper,
        runner=runner,
        workspace=workspace,
        disk=disk,
        shutdown=shutdown,
    )
    server = HTTPServer(application(services), max_body_size=MAX_JSON_BYTES, chunk_size=COPY_BYTES)
    _listen(server, config.listen)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, shutdown.set)
    log.warning("listening on %s", config.listen)
    reason = await _until_over(config, claim, shutdown)
    log.warning("ending: %s", reason)
    server.stop()
    await keeper.close()
    folders.remove()
    return 0


def main() -> int:
    """Entry point of `python3 -m agent`."""
    logging.basicConfig(format="agent: %(message)s", level=logging.WARNING, stream=sys.stderr)
    os.umask(0o027)
    try:
        config = read_environment()
        protect_this_process()
        return asyncio.run(serve(config))
    except InvalidConfig as error:
        print(f"agent: {error}", file=sys.stderr)
        return 2
    except KernelUnavailable as error:
        # Processes that cannot be killed: ending is the last means, since it ends the container.
        print(f"agent: {error}", file=sys.stderr)
        return 1
