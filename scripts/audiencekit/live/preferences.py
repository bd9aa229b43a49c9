"""The preference page: what a customer wants to hear about and how often, and unsubscribing with one click (RFC 8058).

A link with a signed token is all that it takes, and it was mailed to the customer. The page shows no contact data.
"""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from urllib.parse import parse_qs
from uuid import uuid4

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from audiencekit.live.collector import Collector
from audiencekit.live.engine import Engine
from audiencekit.live.failures import EvaluatorEnded
from audiencekit.live.generation import Loaded
from audiencekit.live.lookup import CUSTOMER, LOGIN
from audiencekit.live.preference_choices import (
    FREQUENCIES,
    Author,
    Choice,
    Preferences,
    chosen,
    unsubscribed,
)
from audiencekit.live.preference_state import preferences_of
from audiencekit.live.preference_tokens import SECRET, VALID, BadToken, Link, Signer
from audiencekit.live.refused import Refused, answered

PATH = "/preferences"
ONE_CLICK = "List-Unsubscribe=One-Click"
_MOST_BYTES = 16 * 1024
_SECONDS = 30.0
_STYLE = (files("audiencekit.live") / "browser" / "preferences.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
    (files("audiencekit.live") / "browser" / "preferences.html").read_text(encoding="utf-8")
)
# A token in the address must not reach another site, a cache or a search engine.
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


class PreferencePage:
    """Answers of the page, and links to it for who sends e-mails. Without a `signer` there are no links."""

    def __init__(self, engine: Engine, collector: Collector):
        self._engine, self._collector = engine, collector
        self._signer: Signer | None = collector.settings.signer

    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.page, methods=["GET", "POST"]),
            Route("/v1/preferences/link", answered(self.link)),
        ]

    async def link(self, request: Request) -> Response:
        """The path of a customer's page, by the customer's key or a login. Needs a read key."""
        self._collector.settings.keys.check_read(request)
        if not self._signer:
            raise Refused(404, f"links need {SECRET} in the environment of the service")
        asked = request.query_params
        kind = LOGIN if LOGIN in asked else CUSTOMER
        if kind not in asked:
            raise Refused(400, f"{CUSTOMER} or {LOGIN} is required")
        key = self._loaded().lookup.customer(kind, asked[kind])
        if key is None:
            raise Refused(404, "no customer has this id")
        expires_at = (self._collector.settings.clock() + VALID).replace(microsecond=0)
        token = self._signer.token(Link(key, expires_at))
        return JSONResponse(
            {
                "path": f"{PATH}?token={token}",
                "list_unsubscribe_post": ONE_CLICK,
                "expires_at": expires_at.isoformat(),
            },
            headers={"Cache-Control": "no-store"},
        )

    async def page(self, request: Request) -> Response:
        """The page, or what follows from a form. A problem is a page, too."""
        try:
            link = self._link(request)
            return await (
                self.change(request, link) if request.method == "POST" else self.show(link)
            )
        except Refused as refused:
            return _page(refused.status, problem=str(refused))

    async def show(self, link: Link) -> Response:
        """What holds for the customer whom the token names. It changes nothing: programs open links, too."""
        now = await self._preferences(link)
        return _page(200, preferences=now, choice=_as_shown(now) if now else None)

    async def change(self, request: Request, link: Link) -> Response:
        """Take in what a form says, or one click. A refusal counts however old the link is."""
        body = await _body(request)
        if "List-Unsubscribe" in body and "One-Click" in body:
            await self._collector.keep(unsubscribed(self._author(request, link)))
            return PlainTextResponse("You are unsubscribed.", headers=_HEADERS)
        form = parse_qs(body)
        if "unsubscribe" in form:
            await self._collector.keep(unsubscribed(self._author(request, link)))
            return _page(200, saved=True)
        now = await self._preferences(link)
        if now is None:
            raise Refused(410, "This link has expired. A newer e-mail has another one.")
        before, after = _choice(form, "was_"), _choice(form, "")
        await self._collector.keep(chosen(self._author(request, link), before, after, now))
        return _page(200, preferences=now, choice=after, saved=True)

    def _link(self, request: Request) -> Link:
        if not self._signer:
            raise Refused(404, "This page is not in use.")
        try:
            return self._signer.read(request.query_params.get("token", ""))
        except BadToken:
            raise Refused(
                404, "This link is not complete. Copy the whole link from the e-mail."
            ) from None

    async def _preferences(self, link: Link) -> Preferences | None:
        """What holds for the customer now. None where the link has expired, or its customer has another key now."""
        loaded = self._loaded()
        key = loaded.lookup.customer(CUSTOMER, link.customer_key)
        if key is None or self._collector.settings.clock() > link.expires_at:
            return None
        asked = self._engine.ask(
            lambda loaded, at: loaded.members.evaluator.ask(preferences_of, link.customer_key, at)
        )
        try:
            return await asyncio.wait_for(asyncio.wrap_future(asked), _SECONDS)
        except (TimeoutError, EvaluatorEnded):
            raise Refused(503, "This takes too long. Try again in some minutes.") from None

    def _author(self, request: Request, link: Link) -> Author:
        token = request.query_params["token"].encode()
        proof = f"link {hashlib.sha256(token).hexdigest()[:16]}"
        return Author(link.customer_key, self._collector.settings.clock(), proof, str(uuid4()))

    def _loaded(self) -> Loaded:
        if not self._engine.loaded:
            raise Refused(503, "This page is being prepared. Try again in some minutes.")
        return self._engine.loaded


def _as_shown(now: Preferences) -> Choice:
    return Choice(
        {group.code for group in now.groups if group.is_allowed},
        {topic.topic for topic in now.topics if not topic.is_refused},
        now.at_most_every_days,
    )


def _choice(form: Mapping[str, list[str]], prefix: str) -> Choice:
    """What a form says. One with another frequency than the page offers is refused."""
    given = form.get(f"{prefix}every", [""])[0]
    if not (given.isascii() and given.isdecimal() and int(given) <= 366):
        raise Refused(400, "The form is not complete. Open the link from the e-mail again.")
    groups, topics = form.get(f"{prefix}allow", ()), form.get(f"{prefix}topic", ())
    return Choice({*groups}, {*topics}, int(given))


def _page(
    status: int,
    *,
    preferences: Preferences | None = None,
    choice: Choice | None = None,
    saved: bool = False,
    problem: str = "",
) -> HTMLResponse:
    frequencies = sorted({*FREQUENCIES, choice.at_most_every_days} if choice else FREQUENCIES)
    text = _PAGE.render(
        style=_STYLE,
        preferences=preferences,
        choice=choice,
        saved=saved,
        problem=problem,
        frequencies=frequencies,
    )
    return HTMLResponse(text, status, headers=_HEADERS)


async def _body(request: Request) -> str:
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > _MOST_BYTES:
            raise Refused(413, "The form is too long.")
    return read.decode(errors="replace")
