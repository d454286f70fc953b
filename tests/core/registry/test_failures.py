from __future__ import annotations

import pytest

from rlchassis.errors import PluginError
from rlchassis.registry import load

PACKAGE = "fake_acme_rl"


@pytest.fixture
def reason(site):
    """A function: call it with the code of a plugin, and it gives what is said of why that cannot be loaded."""

    def of(code, target="Builder", **metadata):
        site.install("acme-rl", version="0.7", code=code, algorithm={"acme.x": target}, **metadata)
        with pytest.raises(PluginError) as refusal:
            load("algorithm", "acme.x")
        start = 'algorithm "acme.x" of "acme-rl" 0.7 cannot be loaded: its entry point "acme.x = '
        assert str(refusal.value).startswith(start)
        return str(refusal.value).partition(f'{PACKAGE}:{target}" ')[2].replace(str(site.folder), "SITE")

    return of


@pytest.mark.parametrize(
    ("code", "error", "line"),
    [
        ("raise RuntimeError('boom')", "RuntimeError: boom", 1),
        ("import json\njson.lodas", "AttributeError: module 'json' has no attribute 'lodas'", 2),
        ("from json import lodas", "ImportError: cannot import name 'lodas' from 'json'", 1),
        ("def f():\n    return undefined\nf()", "NameError: name 'undefined' is not defined", 2),
        ("x = 1\ny ==", "SyntaxError: invalid syntax", 2),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'", 1),
        ("import json\njson.loads('{')", "JSONDecodeError: Expecting property name", 2),
        ("raise ValueError('two\\nlines')", "ValueError: two lines", 1),
        ("import sys\nsys.exit(3)", "SystemExit: 3", 2),
    ],
)
def test_an_error_in_a_plugins_own_code_is_reported_with_file_and_line_and_no_install_hint(reason, code, error, line):
    message = reason(code)
    assert message.startswith(f"raised {error}")
    assert message.endswith(f" in SITE/{PACKAGE}/__init__.py, line {line}. Other plugins are unaffected.")


def test_a_missing_module_that_the_distribution_requires_is_installed_with_it(reason, site):
    message = reason("import no_such_module")
    assert "pip" not in message
    metadata = site.folder / "acme_rl-0.7.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text("utf-8") + "Requires-Dist: no-such-module>=2\n", "utf-8")
    assert reason_again().endswith("Other plugins are unaffected. Try: python -m pip install --upgrade acme-rl")


def reason_again():
    with pytest.raises(PluginError) as refusal:
        load("algorithm", "acme.x")
    return str(refusal.value)


def test_an_entry_point_of_a_missing_attribute_is_reported_as_such(reason):
    message = reason("class Builder: ...", target="Builderr")
    assert message == (
        f'names "Builderr", which {PACKAGE} does not have. Did you mean "Builder"? '
        "Correct it in pyproject.toml and install the distribution again. Other plugins are unaffected."
    )


def test_an_entry_point_of_a_missing_module_is_reported_as_such(site):
    site.install("acme-rl", raw="[rlchassis.algorithm]\nacme.x = fake_acme_rl.builderr:Builder")
    assert 'names the module "fake_acme_rl.builderr", which is not there; correct it in pyproject.toml' in reason_again()
