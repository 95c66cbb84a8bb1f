"""Token and deadline: given by environment, or delivered later as files by a claim from a standby pool."""

import hashlib
import hmac
from pathlib import Path

from .config import Config, InvalidConfig, parse_deadline

MAX_FILE_BYTES = 4096


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES).decode("utf-8", "replace").strip() or None
    except OSError:
        # Absent or not readable yet: a claim has not arrived.
        return None


class Claim:
    """Who may call the agent, and until when it lives."""

    def __init__(self, config: Config) -> None:
        self._folder = config.config_dir
        self._fixed_token = config.token
        self._fixed_deadline = config.deadline
        self._digest: bytes | None = None
        self.deadline: float | None = config.deadline
        self.refresh()

    @property
    def claimed(self) -> bool:
        """Whether a token is known."""
        return self._digest is not None

    def refresh(self) -> None:
        """Looks at the two files again; a value that was known stays when its file goes."""
        token = self._fixed_token or _read(self._folder / "token")
        if token:
            self._digest = hashlib.sha256(token.encode()).digest()
        if self._fixed_deadline is None:
            text = _read(self._folder / "deadline")
            if text:
                try:
                    self.deadline = parse_deadline(text)
                except InvalidConfig:
                    # Half-written, or nonsense: the earlier deadline, if any, holds.
                    return

    def admits(self, authorization: str | None) -> bool:
        """Compares a bearer token in constant time; nobody is admitted before the claim."""
        if self._digest is None:
            self.refresh()
        scheme, _, token = (authorization or "").partition(" ")
        given = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        return self._digest is not None and scheme.lower() == "bearer" and hmac.compare_digest(given, self._digest)
