"""How agent and kernel share folders: by the data folder's group when they are two users, else not at all."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sharing:
    """Modes of what the agent makes. `group` is None when the kernel runs as the agent's own user."""

    group: int | None

    @classmethod
    def of(cls, data_dir: Path, separate: bool) -> "Sharing":
        """The group of the data folder, if the kernel is another user."""
        return cls(data_dir.stat().st_gid if separate else None)

    @property
    def private_folder(self) -> int:
        """Mode of folders for agent and kernel only; what is made inside belongs to the group as well."""
        return 0o700 if self.group is None else 0o2770

    @property
    def data_folder(self) -> int:
        return 0o755 if self.group is None else 0o2775

    @property
    def data_file(self) -> int:
        return 0o644 if self.group is None else 0o664

    def is_shared(self, status: os.stat_result) -> bool:
        """Whether the kernel's user gets at a file of ours as a member of its group."""
        return self.group is not None and status.st_gid == self.group

    def give(self, target: int | Path, mode: int) -> None:
        """Lets the kernel's user in: group first, since a change of group clears the setgid bit."""
        if self.group is not None:
            os.chown(target, -1, self.group)
        os.chmod(target, mode)
