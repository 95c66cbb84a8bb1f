"""Errors that callers of the agent see; routes turn them into answers, nobody else does."""


class AgentError(Exception):
    """A refusal with the status, code and message that the caller gets."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class KernelUnavailable(Exception):
    """No kernel could be started; the message says why, as far as it is known."""
