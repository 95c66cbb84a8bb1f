"""The session agent: one Python kernel behind a small HTTP interface (docs/session-protocol.md)."""
