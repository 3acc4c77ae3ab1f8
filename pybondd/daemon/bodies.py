"""What stands in the body of a request? Checked here, so that routes see only good values."""

import json

from aiohttp import web

from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal

Body = dict[str, object]


async def parsed_body(request: web.Request) -> Body:
    """The body as a JSON object. Raises CommandRefusedError."""
    try:
        parsed = json.loads(await request.text())
    except (ValueError, RecursionError) as mistake:
        raise _misuse("the body is not JSON") from mistake
    if not isinstance(parsed, dict):
        raise _misuse("the body is not a JSON object")
    return parsed


def word(body: Body, key: str) -> str:
    """The text under this key. Raises CommandRefusedError."""
    text = body.get(key)
    if not isinstance(text, str):
        raise _misuse(f"{key} must be a text")
    return text


def port_names(body: Body) -> list[str]:
    """The list under `ports`. Raises CommandRefusedError."""
    return _texts(body.get("ports"), "ports")


def option_pairs(body: Body) -> list[tuple[str, str]]:
    """The pairs under `options`. Raises CommandRefusedError."""
    pairs = body.get("options")
    if not isinstance(pairs, list) or not pairs:
        raise _misuse("options must be a list of [name, text]")
    texts = [_texts(pair, "each option") for pair in pairs]
    if any(len(pair) != 2 for pair in texts):
        raise _misuse("each option must be [name, text]")
    return [(name, text) for name, text in texts]


def _texts(listed: object, what: str) -> list[str]:
    if not isinstance(listed, list) or not listed:
        raise _misuse(f"{what} must be a list of texts, at least one")
    texts = [text for text in listed if isinstance(text, str)]
    if len(texts) != len(listed):
        raise _misuse(f"{what} must be a list of texts")
    return texts


def _misuse(why: str) -> CommandRefusedError:
    return CommandRefusedError(
        Refusal("the request cannot be read", why, "GET / lists all routes", exit_code=Exit.USAGE)
    )
