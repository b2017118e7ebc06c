"""Single questions to a server, each in its own protocol: for waiting, not for measuring rates."""

from __future__ import annotations

import base64
import json
import socket
import urllib.error
import urllib.request
from typing import Any, Callable

HOST = "127.0.0.1"


def _exchange(port: int, request: bytes, whole: Callable[[bytes], bool], seconds: float) -> bytes:
    """The answer, as far as it came; empty when there is none."""
    try:
        with socket.create_connection((HOST, port), timeout=seconds) as connection:
            connection.sendall(request)
            answer = b""
            while not whole(answer):
                piece = connection.recv(65536)
                if not piece:
                    break
                answer += piece
            return answer
    except OSError:
        return b""


def _is_line(answer: bytes) -> bool:
    return answer.endswith(b"\n")


def _is_simple_reply(answer: bytes) -> bool:
    """A whole RESP reply that is one line or one bulk string."""
    first, end, rest = answer.partition(b"\r\n")
    if not end:
        return False
    return first[:1] != b"$" or len(rest) >= int(first[1:]) + 2


def ask_line(port: int, line: str, seconds: float = 0.2) -> dict[str, Any]:
    """One line of the JSON dialect; an empty object when nobody answers."""
    answer = _exchange(port, line.encode() + b"\n", _is_line, seconds)
    try:
        value = json.loads(answer)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def ask_redis(port: int, *words: str, seconds: float = 0.2) -> str:
    """The reply's text as it came, such as '+OK'; empty when nobody answers."""
    request = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    answer = _exchange(port, request.encode(), _is_simple_reply, seconds)
    return answer.decode(errors="replace").strip()


def ask_etcd(port: int, path: str, body: dict[str, str], seconds: float = 0.2) -> dict[str, Any]:
    """One call of etcd's JSON gateway; an empty object when it doesn't succeed."""
    request = urllib.request.Request(f"http://{HOST}:{port}/v3/{path}",
                                     data=json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            value = json.load(response)
    except (OSError, ValueError, urllib.error.URLError):
        return {}
    return value if isinstance(value, dict) else {}


def base64_text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
