"""The local page and its JSON API."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from lcot.choice.compare import compare
from lcot.choice.types import Answer, Question
from lcot.errors import LcotError, UnknownName
from lcot.facts import catalog
from lcot.facts.listing import show
from lcot.report import charts
from lcot.report.answer import front_of
from lcot.report.contract import front_rows, to_dict
from lcot.report.palette import config
from lcot.report.render import Spec, bundle
from lcot.workload.models import model_ids

Ask = Callable[[str, Mapping[str, Any]], Question]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Tokens = Annotated[float, Field(ge=1, le=1e6, allow_inf_nan=False)]
Amount = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
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
    "/app.js": ("app.js", "text/javascript"),
    "/app.css": ("app.css", "text/css"),
}


class Asking(BaseModel):
    """A question, in the option names of `lcot compare`; only ids of the catalogue, never files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Name
    input: Tokens = 1000
    output: Tokens = 500
    speed: Amount | None = None
    rate: Amount | None = None
    precision: Literal["native", "bf16", "fp8", "int8", "fp4", "w4a16"] = "native"
    basis: Literal["own", "rent"] = "own"
    site: Name = "us-colocation"
    system: tuple[Name, ...] = Field(default=(), max_length=100)
    draws: int = Field(default=0, ge=0, le=256)


def create(ask: Ask, token: str = "", hosts: tuple[str, ...] = ("127.0.0.1", "localhost")) -> FastAPI:
    """The application: ``ask`` makes a question of a model and options; ``token`` guards the API where given."""
    app = FastAPI(title="LCOT", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    working = threading.Lock()

    @lru_cache(maxsize=32)
    def answered(asking: str) -> Answer:
        asked = Asking.model_validate_json(asking)
        known("model", asked.model, model_ids())
        known("site", asked.site, catalog.site_ids())
        for name in asked.system:
            known("system", name, catalog.system_ids())
        return compare(ask(asked.model, options(asked)), finalists=0)

    @app.middleware("http")
    async def guarded(request: Request, call_next: Any) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token and request.url.path.startswith("/api") and not hmac.compare_digest(given.encode(), token.encode()):
            response: Response = refusal(
                "Unauthorised", "a token is needed; open the address that lcot web printed", 401
            )
        else:
            response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))

    @app.exception_handler(LcotError)
    def wrong(request: Request, error: LcotError) -> Response:
        return refusal(type(error).__name__, str(error), 400)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> Response:
        said = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return refusal("InputError", said, 422)

    @app.get("/api/choices")
    def choices() -> dict[str, Any]:
        """What may be chosen."""
        looks = {page: config(page) for page in ("light", "dark")}
        return {
            "models": model_ids(),
            "systems": catalog.system_ids(),
            "sites": catalog.site_ids(),
            "looks": looks,
        }

    @app.get("/api/compare")
    def compared(asked: Annotated[Asking, Query()]) -> dict[str, Any]:
        """The answer as `lcot compare --json` prints it, and its charts."""
        with working:
            answer = answered(asked.model_dump_json())
        return {"answer": to_dict(answer), "charts": drawn(answer)}

    @app.get("/api/facts/{name}")
    def facts(name: Name) -> list[dict[str, Any]]:
        """The facts of one system of the catalogue."""
        known("system", name, catalog.system_ids())
        return show(name)

    @app.get("/vega.js", include_in_schema=False)
    def vega() -> Response:
        return Response(bundle(), media_type="text/javascript")

    for path, (file, kind) in FILES.items():
        app.add_api_route(path, served(file, kind), include_in_schema=False)
    return app


def served(file: str, kind: str) -> Callable[[], Response]:
    """A route that gives one file of the page."""

    def give() -> Response:
        return Response((Path(__file__).parent / "page" / file).read_bytes(), media_type=kind)

    return give


def options(asked: Asking) -> dict[str, Any]:
    """The options as the command line would have them, as text."""
    given = asked.model_dump(exclude={"model", "system", "draws"}, exclude_none=True)
    named = {key: f"{value:.12g}" if isinstance(value, float | int) else value for key, value in given.items()}
    return named | {"system": list(asked.system), "draws": asked.draws}


def known(what: str, name: str, allowed: list[str]) -> None:
    """Raises `UnknownName` for what is not in the catalogue, so that no request names a file."""
    if name not in allowed:
        raise UnknownName(what, name, allowed)


def refusal(kind: str, message: str, status: int) -> JSONResponse:
    """An error in the one shape that all errors have."""
    return JSONResponse({"schema": "lcot.error/1", "error": {"kind": kind, "message": message}}, status)


def drawn(answer: Answer) -> dict[str, Spec]:
    """The charts of an answer; none where no system is ranked."""
    ranked = answer.by_status("ranked")[:12]
    made: dict[str, Spec] = {}
    if front_rows(answer):
        made["front"] = front_of(answer)
    costs = [e for e in to_dict(answer)["systems"] if e["status"] == "ranked"][:12]
    if costs:
        rows = [
            {"system": e["system"], "value": c["blended"], "low": c["p10"], "high": c["p90"]}
            for e in costs
            if (c := e["usd_per_mtok"])["blended"] is not None
        ]
        made["cheapest"] = charts.cheapest(rows, subtitle="The twelve cheapest, US dollars per million tokens")
    if ranked and ranked[0].plan and ranked[0].plan.bill:
        bill = ranked[0].plan.bill
        tokens = float(sum(bill.tokens.values()))
        lines = [{"line": k, "value": float(v) / tokens * 1e6} for k, v in bill.lines.items() if float(v)]
        made["bill"] = charts.waterfall(lines, title=f"Bill of {ranked[0].system.name}")
    return made
