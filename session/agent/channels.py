"""The Jupyter messages between agent and kernel, over sockets in a private folder.

The kernel is not trusted: messages are bounded in size, malformed ones are dropped, and the queue towards
the agent is short, so that a flood waits in the kernel's memory (which is limited) and not in ours.
"""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.session import Session
from zmq.utils.monitor import parse_monitor_message

# Told to sinks when messages went missing; no kernel can send a message of an empty type.
LOST = ""
DELIMITER = b"<IDS|MSG>"
MAX_MESSAGE_BYTES = 32 * 1024 * 1024
QUEUED_MESSAGES = 8
QUIET_LOOKS = 30
PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}

Message = tuple[str, str, dict[str, Any]]
Sink = Callable[[str, dict[str, Any]], None]


def _parse(frames: list[bytes]) -> Message | None:
    """(type, id of the request, content), or None for what is not a message."""
    try:
        start = frames.index(DELIMITER)
        header, parent = json.loads(frames[start + 2]), json.loads(frames[start + 3])
        content = json.loads(frames[start + 5])
        kind, request = header["msg_type"], parent.get("msg_id", "")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None
    if isinstance(kind, str) and kind and isinstance(request, str) and isinstance(content, dict):
        return kind, request, content
    return None


class Channels:
    """One kernel's shell and iopub channels."""

    def __init__(self, folder: Path) -> None:
        self._prefix = str(folder / "socket")
        self._key = os.urandom(32).hex().encode()
        self._session = Session(key=self._key, username="agent")
        self._context = zmq.asyncio.Context.instance()
        self._shell = self._connect(zmq.DEALER, "shell_port")
        self._iopub = self._connect(zmq.SUB, "iopub_port")
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._sinks: dict[str, Sink] = {}
        self._published = 0
        self._tasks = [
            asyncio.create_task(self._read_iopub()),
            asyncio.create_task(self._read_shell()),
            asyncio.create_task(self._mend(self._iopub, "iopub_port")),
            asyncio.create_task(self._mend(self._shell, "shell_port")),
        ]

    def connection_info(self) -> dict[str, Any]:
        """What the kernel must know to open its side."""
        key = self._key.decode()
        scheme = "hmac-sha256"
        return {"transport": "ipc", "ip": self._prefix, "key": key, "signature_scheme": scheme, **PORTS}

    def _connect(self, kind: int, port: str) -> zmq.asyncio.Socket:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.set(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        socket.set(zmq.RCVHWM, QUEUED_MESSAGES)
        socket.set(zmq.RECONNECT_IVL, 10)
        if kind == zmq.SUB:
            socket.subscribe(b"")
        socket.connect(self._address(port))
        return socket

    def _address(self, port: str) -> str:
        return f"ipc://{self._prefix}-{PORTS[port]}"

    async def _mend(self, socket: zmq.asyncio.Socket, port: str) -> None:
        """Connects again after a message that was too large: the library drops the connection for good.

        Only a kernel that answers again has lost a message; one that ended has said what it had to say.
        """
        monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        broken = False
        while True:
            event = parse_monitor_message(await monitor.recv_multipart())["event"]
            if event == zmq.EVENT_DISCONNECTED:
                broken = True
                try:
                    socket.disconnect(self._address(port))
                except zmq.ZMQError:
                    pass  # it had given the address up already
                socket.connect(self._address(port))
            elif broken:
                broken = False
                for sink in list(self._sinks.values()):
                    sink(LOST, {})

    async def handshake(self) -> None:
        """Returns when requests are answered and published messages arrive."""
        while True:
            request, heard = self._session.msg("kernel_info_request"), asyncio.Event()
            reply = self.send(request, lambda kind, content, heard=heard: heard.set())
            try:
                await reply
                await asyncio.wait_for(heard.wait(), 0.2)
                return
            except asyncio.TimeoutError:
                continue  # answered before the subscription had reached the kernel: ask again
            finally:
                self.forget(request)

    def execute_request(self, code: str) -> dict[str, Any]:
        """A message that asks the kernel to run `code`."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self._session.msg("execute_request", content)

    def send(self, request: dict[str, Any], sink: Sink) -> "asyncio.Future[dict[str, Any]]":
        """Sends a request; `sink` gets what is published about it, the future its reply."""
        reply = self._replies[request["msg_id"]] = asyncio.get_running_loop().create_future()
        self._sinks[request["msg_id"]] = sink
        self._shell.send_multipart(self._session.serialize(request))
        return reply

    def forget(self, request: dict[str, Any]) -> None:
        """Ends the interest in a request; what still comes is dropped."""
        self._sinks.pop(request["msg_id"], None)
        reply = self._replies.pop(request["msg_id"], None)
        if reply is not None:
            reply.cancel()

    async def quiet(self) -> None:
        """Returns when nothing has been published for a moment; not later than after a second."""
        for _ in range(QUIET_LOOKS):
            seen = self._published
            await asyncio.sleep(1 / QUIET_LOOKS)
            if seen == self._published:
                return

    async def _read_iopub(self) -> None:
        while True:
            message = _parse(await self._iopub.recv_multipart())
            self._published += 1
            sink = self._sinks.get(message[1]) if message else None
            if message and sink:
                sink(message[0], message[2])

    async def _read_shell(self) -> None:
        while True:
            message = _parse(await self._shell.recv_multipart())
            reply = self._replies.get(message[1]) if message else None
            if message and reply and not reply.done():
                reply.set_result(message[2])

    def close(self) -> None:
        """Stops reading and frees the sockets."""
        for task in self._tasks:
            task.cancel()
        for reply in self._replies.values():
            reply.cancel()
        for socket in (self._shell, self._iopub):
            socket.disable_monitor()
            socket.close()
