"""A workbook computed again by LibreOffice, which keeps none of the values that came with it."""

import shutil
import subprocess
from pathlib import Path

import pytest

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""


def recalculated(book: Path, folder: Path) -> Path:
    """The workbook in a new file, every formula computed."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed; scripts/system-packages installs it")
    profile, out = folder / "profile", folder / "out"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    command = [office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx",
               "--outdir", str(out), str(book)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return out / book.name
