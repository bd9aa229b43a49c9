"""HTTP requests of which no part but the body may be long: the parser would keep whatever comes, before anybody checks a key."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# How long a request line, headers and trailers may be in bytes. Browsers and proxies have limits of 8 to 64 KB.
MAX_HEAD = 64 * 1024
# How many bytes of framing a byte of a body in chunks may have: five are needed where each byte is a chunk.
_FRAMING = 8


class BoundedHttp(HttpToolsProtocol):
    """One connection. What is too long is answered with 400, and the connection is closed."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._received = self._of_body = 0

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self._received - self._of_body > MAX_HEAD + _FRAMING * self._of_body:
            self.send_400_response("The request has too long a head.")

    def on_message_begin(self) -> None:
        # What else came with its first bytes is not counted.
        self._received = self._of_body = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._of_body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._received = self._of_body = 0
        super().on_message_complete()
