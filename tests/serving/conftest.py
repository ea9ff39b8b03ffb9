from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def plain():
    """The plain simulator."""
    place = Path(__file__).with_name("oracle.py")
    spec = importlib.util.spec_from_file_location("lcot_test_oracle", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
