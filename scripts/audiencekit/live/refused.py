"""A request that cannot be answered, and the answer that it gets."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Endpoint = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """A request that is answered with an error: its status, why, and after how many seconds it may come again."""

    def __init__(self, status: int, why: str, retry_after: int | None = None):
        super().__init__(why)
        self.status, self.retry_after = status, retry_after

    def answer(self) -> Response:
        """`code` is what RudderStack's library for Python reads to find out whether to send again."""
        code = HTTPStatus(self.status).name.lower()
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else None
        content = {"success": False, "code": code, "message": str(self)}
        return JSONResponse(content, status_code=self.status, headers=headers)


def answered(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with an answer for what it refuses."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            return refused.answer()

    return answer
