"""What a kernel sends, cut to size where it arises: the agent drops messages that are too large to take.

Code in the kernel can undo this; then it is its own output that gets lost.
"""

MAX_IMAGE_CHARACTERS = 12 * 1024 * 1024
MAX_DEPTH = 6


def _bounded(value, limit, depth=0):
    if isinstance(value, str):
        value = value if len(value) <= limit else value[:limit]
        # Half of a surrogate pair is legal in Python and not in UTF-8.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if depth >= MAX_DEPTH:
        return value
    if isinstance(value, dict):
        pairs = ((key, _bounded(item, _limit_of(key, limit), depth + 1)) for key, item in value.items())
        return {key: item for key, item in pairs if not _cut_image(key, item)}
    if isinstance(value, (list, tuple)):
        return [_bounded(item, limit, depth + 1) for item in value]
    return value


def _limit_of(key, limit):
    return MAX_IMAGE_CHARACTERS if isinstance(key, str) and key.startswith("image/") else limit


def _cut_image(key, item):
    """A part of an image is of no use; its text form remains."""
    is_image = isinstance(key, str) and key.startswith("image/")
    return is_image and isinstance(item, str) and len(item) >= MAX_IMAGE_CHARACTERS


def bound_messages(session, limit):
    """Makes `session` send strings of at most a little more than `limit` characters."""
    send = session.send

    def bounded_send(stream, kind, content=None, *args, **kwargs):
        # A little more than the limit, so that the agent sees that there was more and says so.
        if isinstance(kind, dict) and "content" in kind:
            kind = {**kind, "content": _bounded(kind["content"], limit + 1024)}
        elif content is not None:
            content = _bounded(content, limit + 1024)
        return send(stream, kind, content, *args, **kwargs)

    session.send = bounded_send
