"""The local page and its JSON API."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import ryaml
from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from lcot.errors import LcotError
from lcot.facts import catalog
from lcot.facts.listing import card, show
from lcot.report.contract import to_dict
from lcot.report.headline import headline
from lcot.report.palette import config
from lcot.report.render import bundle
from lcot.web.asking import Ask, Asking, Finance, Name, known
from lcot.web.searching import Refused, Searching
from lcot.web.traffic import Found, found_in
from lcot.web.views import settled
from lcot.web.work import KINDS, SHEET, Desk
from lcot.workload.models import model_ids

PRESETS = Path(__file__).parent / "presets.yaml"
STAND_IN = "hgx-h200"  # in place of all systems where the answer has them already
LARGEST = 32 << 20  # bytes of a request
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
FILES = {
    "/": ("index.html", "text/html"),
    "/app.css": ("app.css", "text/css"),
    **{
        f"/{name}.js": (f"{name}.js", "text/javascript")
        for name in ("app", "base", "question", "views", "facts", "work")
    },
}


class Starting(BaseModel):
    """Work to begin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Name
    asked: Asking
    system: Name | None = Field(default=None, description="the system it is about, where it is about one")


class State(BaseModel):
    """Some work: how far it is, and its result."""

    id: str
    title: str
    words: list[str] = Field(description="arguments of the command line; files of its own folder as ./NAME")
    command: str
    seconds: float
    progress: str = Field(description="the last line that it said")
    state: Literal["running", "done", "failed", "cancelled"]
    error: str | None = Field(default=None, description="where it failed")
    result: dict[str, Any] | None = Field(default=None, description="what the verb prints with --json")
    verdict: str = ""
    charts: dict[str, dict[str, Any]] = Field(default={}, description="Vega-Lite specifications by view")
    file: str = Field(default="", description="name of the file it made, for /api/runs/{id}/file")


class Reply(BaseModel):
    """An answer with its charts."""

    headline: str = Field(description="the answer in one sentence")
    answer: dict[str, Any] = Field(description="as `lcot compare --json` prints it; see docs/json.md")
    charts: dict[str, dict[str, Any]] = Field(description="Vega-Lite specifications by view")
    searched: bool = Field(default=True, description="false: at these lengths only kept layouts were tried")


def create(ask: Ask, token: str = "", hosts: tuple[str, ...] = ("127.0.0.1", "localhost")) -> FastAPI:
    """The application: ``ask`` makes a question of a model and options; ``token`` guards the API where given."""
    desk, searching = Desk(), Searching(ask)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None]:
        searching.begin()
        yield
        desk.close()
        searching.close()

    app = FastAPI(title="LCOT", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=life)

    guard(app, token)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))

    @app.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:
        return refusal(error.kind, str(error), 400)

    @app.exception_handler(LcotError)
    def wrong(request: Request, error: LcotError) -> Response:
        return refusal(type(error).__name__, str(error), 400)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> Response:
        said = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return refusal("InputError", said, 422)

    @app.get("/api/choices")
    def choices() -> dict[str, Any]:
        """What may be chosen, and the looks of the charts."""
        return {
            "models": model_ids(),
            "systems": {id: catalog.system(id).name for id in catalog.system_ids()},
            "sites": {id: catalog.site(id).name for id in catalog.site_ids()},
            "finance": {id: finance(id) for id in catalog.site_ids()},
            "owners": owners(),
            "presets": presets(),
            "work": {name: kind.title for name, kind in KINDS.items()},
            "looks": {page: config(page) for page in ("light", "dark")},
        }

    @app.post("/api/compare", response_model=Reply)
    def compared(asked: Asking) -> Response:
        """The answer as `lcot compare --json` prints it, and its charts."""
        asked.question(ask)  # what is wrong with it is said at once
        return Response(searching.answer(asked), media_type="application/json")

    @app.post("/api/slide", response_model=Reply)
    def slide(asked: Asking) -> Response:
        """The answer at another speed, load, site or basis, among the best layouts and at the stated facts.

        At other lengths: among the best layouts of the lengths searched last, of the systems that can be ranked.
        """
        one = asked.model_copy(update={"system": (STAND_IN,)}).question(ask)  # no need to read every system again
        answer, searched = searching.slide(asked, one)
        plain = to_dict(answer)
        made = {"headline": headline(plain), "answer": plain, "charts": settled(answer), "searched": searched}
        return Response(json.dumps(made, ensure_ascii=False, allow_nan=False), media_type="application/json")

    @app.post("/api/traffic")
    def traffic(text: Annotated[str, Body(max_length=LARGEST)]) -> Found:
        """Mean lengths and rate of a trace or request log, for the sliders; it is not kept."""
        return found_in(text)

    @app.get("/api/facts/{name}")
    def facts(name: Name) -> list[dict[str, Any]]:
        """The facts of one system, chip, engine or site of the catalogue."""
        known("owner of facts", name, owners())
        return show(name)

    @app.post("/api/runs", status_code=202, response_model=State, response_model_exclude_unset=True)
    def begin(starting: Starting) -> dict[str, Any]:
        """Begin long work: a verb of the command line in a process of its own."""
        if starting.system is not None:
            known("system", starting.system, catalog.system_ids())
        starting.asked.question(ask)  # what is wrong with it is said at once
        return desk.begin(starting.kind, starting.asked, starting.system or "")

    @app.get("/api/runs/{id}", response_model=State, response_model_exclude_unset=True)
    def state(id: str) -> dict[str, Any]:
        """How far some work is, and its result."""
        return desk.find(id).state()

    @app.delete("/api/runs/{id}", response_model=State, response_model_exclude_unset=True)
    def cancel(id: str) -> dict[str, Any]:
        """End some work."""
        work = desk.find(id)
        work.end()
        return work.state()

    @app.get("/api/runs/{id}/file")
    def file(id: str) -> FileResponse:
        """The file that some work made."""
        path = desk.find(id).path()
        return FileResponse(path, media_type=SHEET if path.suffix == ".xlsx" else "text/html", filename=path.name)

    @app.get("/vega.js", include_in_schema=False)
    def vega() -> Response:
        return Response(bundle(), media_type="text/javascript")

    for path, (name, kind) in FILES.items():
        app.add_api_route(path, served(name, kind), include_in_schema=False)
    return app


def guard(app: FastAPI, token: str) -> None:
    """Headers on every reply, the token where one is needed, and a bound on what is sent."""

    @app.middleware("http")
    async def guarded(request: Request, call_next: Any) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        size = request.headers.get("content-length", "0")
        if token and request.url.path.startswith("/api") and not hmac.compare_digest(given.encode(), token.encode()):
            response: Response = refusal(
                "Unauthorised", "a token is needed; open the address that lcot web printed", 401
            )
        elif not size.isdigit() or int(size) > LARGEST or "chunked" in request.headers.get("transfer-encoding", ""):
            response = refusal(
                "InputError", f"a request may have {LARGEST >> 20} MiB at most and must say its length", 413
            )
        else:
            response = await call_next(request)
        response.headers.update(HEADERS)
        return response


def served(file: str, kind: str) -> Callable[[], Response]:
    """A route that gives one file of the page."""

    def give() -> Response:
        return Response((Path(__file__).parent / "page" / file).read_bytes(), media_type=kind)

    return give


def owners() -> list[str]:
    """Whose facts may be asked for."""
    return [*catalog.system_ids(), *catalog.chip_ids(), *catalog.engine_ids(), *catalog.site_ids()]


def finance(site: str) -> list[dict[str, Any]]:
    """The facts of a site that a question may change, in the units of its file."""
    facts = catalog.site(site).facts
    return [card(facts[key], site) | {"key": key} for key in get_args(Finance) if facts.has(key)]


@lru_cache(maxsize=1)
def presets() -> list[dict[str, Any]]:
    """Mean lengths of published traces."""
    return list(ryaml.loads(PRESETS.read_text(encoding="utf-8")))  # pyright: ignore[reportPrivateImportUsage]


def refusal(kind: str, message: str, status: int) -> JSONResponse:
    """An error in the one shape that all errors have."""
    return JSONResponse({"schema": "lcot.error/1", "error": {"kind": kind, "message": message}}, status)
