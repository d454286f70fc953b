"""What a stored recipe may use of a user's code: what was handed over, and nothing that merely can be reached from it."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from rlchassis.errors import UsageError
from rlchassis.storage.spec.names import OwnCode

CODE = """
import os
from os import getcwd
from my_package.inner import Inner
class Mine:
    class Nested: pass
def make(): ...
value = 3
"""


@pytest.fixture
def module(monkeypatch):
    """A package with a module in it, as if imported."""
    made = {}
    for name, code in (("my_package.inner", "class Inner: pass"), ("my_package", CODE)):
        made[name] = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, made[name])
        exec(code, vars(made[name]))  # noqa: S102  the text is the one above
    return made["my_package"]


@pytest.mark.parametrize("path", ["Mine", "Mine.Nested", "make", "Inner"])
def test_a_module_that_is_handed_over_stands_for_what_is_defined_in_it(module, path):
    assert OwnCode([module]).find(f"my_package:{path}").__qualname__ == path
    assert OwnCode().find(f"my_package:{path}") is None


@pytest.mark.parametrize(
    "name", ["my_package:os.system", "my_package:getcwd", "my_package:value", "my_package:nothing", "os:system", "my_pack:x"]
)
def test_names_that_a_module_only_imports_are_not_its_own_code(module, name):
    assert OwnCode([module]).find(name) is None


def test_a_class_or_function_is_handed_over_by_itself(module):
    own = OwnCode([module.Inner, module.make])
    assert own.find("my_package.inner:Inner") is own.find("my_package:Inner") is module.Inner
    assert own.find("my_package:make") is module.make
    assert own.find("my_package:Mine") is None


def test_untrusted_code_is_refused_with_the_way_to_allow_it(module):
    OwnCode([module]).require(["my_package", "my_package:make"])
    with pytest.raises(
        UsageError, match="would call my_package:make; if you trust that code, allow it: --allow my_package:make, or allow="
    ):
        OwnCode().require(["my_package:make"])
    with pytest.raises(UsageError, match="would import never_imported; if you trust that module, import it before"):
        OwnCode([module]).require(["never_imported"])


def test_the_running_script_is_handed_over_as_the_module_main_under_the_name_of_its_file(monkeypatch):
    script = ModuleType("__main__")
    script.__file__ = "/somewhere/my_script.py"
    exec(CODE.replace("from my_package.inner import Inner", ""), vars(script))  # noqa: S102  the text is the one above
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert OwnCode([script]).find("my_script:Mine") is script.Mine
    assert OwnCode([script]).find("my_script:getcwd") is None
    assert OwnCode([script]).find("another:Mine") is None
    assert OwnCode().find("my_script:Mine") is None
