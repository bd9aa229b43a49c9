"""What RudderStack's libraries ask of a server that Segment's do not.

The library for websites asks its server which tools a page sends to directly (none: segments and permissions come from
here), and sends headers of its own. All of its libraries put the traits of a person into the context of calls.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audiencekit.live.keys import Keys
from audiencekit.live.limits import KEY, Limits
from audiencekit.live.refused import answered

BEACON = "/beacon/v1/batch"
# A page of another origin may send them only if the answer to its preflight request names them.
HEADERS = (
    *("anonymousid", "sentat", "rsa-recovered", "rsa-retry-attempt", "rsa-retry-reason"),
    *("rsa-since-first-attempt", "rsa-since-last-attempt"),
)
_SOURCE = {
    "id": "audiencekit",
    "name": "audiencekit live",
    "workspaceId": "audiencekit",
    "enabled": True,
    "config": {
        "statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}},
    },
    "destinations": [],
}


def source_config(keys: Keys, limits: Limits) -> Route:
    """The settings of a website's library, for those who have a write key."""

    async def answer(request: Request) -> Response:
        key = keys.check_write(request, request.query_params.get("writeKey", ""))
        limits.take(KEY, key)
        return JSONResponse({"source": _SOURCE})

    return Route("/sourceConfig/", answered(answer))


def with_traits(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call with the traits of its context where Segment has them.

    In an identify call, they are what it says of the person. The library for websites repeats them in each later call,
    perhaps months after the person decided something else: they are no decisions then, and are left out.
    """
    context = call.get("context")
    if not isinstance(context, Mapping) or not isinstance(context.get("traits"), Mapping):
        return call
    others = {name: value for name, value in context.items() if name != "traits"}
    if call.get("type") == "identify":
        traits = call.get("traits") or {}
        if not isinstance(traits, Mapping):
            return call
        return {**call, "context": others, "traits": {**context["traits"], **traits}}
    return {**call, "context": others} if _is_of_rudderstack(others) else call


def _is_of_rudderstack(context: Mapping[str, Any]) -> bool:
    library = context.get("library")
    return isinstance(library, Mapping) and "rudder" in str(library.get("name")).lower()
