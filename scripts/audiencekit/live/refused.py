"""A request that cannot be answered, and the answer that it gets."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Endpoint = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """A request that is answered with an error: its status, and why."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


def answered(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with an answer for what it refuses."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            message = {"success": False, "message": str(refused)}
            return JSONResponse(message, status_code=refused.status)

    return answer
