"""What is served as it is: the script for websites, a page to try it on, and what the API offers."""

import html
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

_FOLDER = files("audiencekit.live") / "browser"
_SCRIPT = (_FOLDER / "audiencekit.js").read_bytes()
_AN_HOUR = {"Cache-Control": "public, max-age=3600"}


async def _script(_: Request) -> Response:
    return Response(_SCRIPT, media_type="text/javascript", headers=_AN_HOUR)


async def _openapi(_: Request) -> Response:
    return JSONResponse(openapi(), headers=_AN_HOUR)


@cache
def openapi() -> dict[str, Any]:
    """The paths of the service, what they take and what they answer, as OpenAPI describes it."""
    text = (files("audiencekit.live") / "openapi.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


FILES = (Route("/audiencekit.js", _script), Route("/openapi.json", _openapi))


def demo_page(write_key: str, logins: Sequence[str]) -> Route:
    """A simulated shop on which a visitor browses, fills a cart and logs in as one of the demo's customers."""
    options = "".join(f"<option>{html.escape(login)}</option>" for login in logins)
    page = (_FOLDER / "demo.html").read_text(encoding="utf-8")
    page = page.replace("{{write_key}}", html.escape(write_key)).replace("{{logins}}", options)

    async def demo(_: Request) -> Response:
        return HTMLResponse(page)

    return Route("/demo", demo)
