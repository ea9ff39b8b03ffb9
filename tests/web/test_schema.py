"""Requests made from the API's own description: none ends in an error of the server."""

import pytest

pytest.importorskip("fastapi", reason="the web extra is not installed")
pytest.importorskip("vl_convert", reason="the charts extra is not installed")
pytest.importorskip("schemathesis", reason="schemathesis is not installed")

import schemathesis
from hypothesis import HealthCheck, settings

from lcot.cli.web import asked
from lcot.web.app import create

schema = schemathesis.openapi.from_asgi("/api/openapi.json", create(asked, hosts=("*",)))
QUICK = schema.exclude(path="/api/runs", method="POST")


@QUICK.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_server_error(case):
    reply = case.call()
    assert reply.status_code < 500
