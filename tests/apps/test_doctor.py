"""The doctor looks at everything, says what to do, and its exit code says whether a node can run."""

import json

import pytest
from click.testing import CliRunner

from asman.apps import checkup, doctor
from asman.apps.checkup import Finding
from asman.errors import ConfigError


@pytest.mark.system
def test_every_part_is_looked_at_and_what_is_not_well_has_a_mend():
    findings = checkup.checkup()
    assert {finding.what for finding in findings} >= {
        "Python",
        "compiled kernels",
        "NATS server",
        "console",
        "multicast",
        "arithmetic",
    }
    for finding in findings:
        assert finding.found
        assert finding.state == "ok" or finding.mend, finding
    (nats,) = (finding for finding in findings if finding.what == "NATS server")
    assert nats.state == "ok"


def test_a_look_that_fails_is_a_finding(monkeypatch):
    def broken() -> Finding:
        raise ConfigError("nats-server", "not found", "Run `make setup`")

    monkeypatch.setattr(checkup, "_nats", broken)
    (nats,) = (finding for finding in checkup.checkup() if finding.what == "NATS server")
    assert nats.state == "broken"
    assert "make setup" in nats.found


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("broken", 1)])
def test_the_exit_code_says_whether_a_node_can_run(monkeypatch, state, code):
    monkeypatch.setattr(doctor, "checkup", lambda: [Finding("it", state, "so", "do this")])
    shown = CliRunner().invoke(doctor.command, ["--json"], standalone_mode=False)
    assert shown.return_value == code
    assert json.loads(shown.stdout) == [{"what": "it", "state": state, "found": "so", "mend": "do this"}]
    table = CliRunner().invoke(doctor.command, [], standalone_mode=False)
    assert "do this" in table.stdout
