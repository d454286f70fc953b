from __future__ import annotations

import pytest

from rlchassis_npg import NPGExperimentBuilder
from rlchassis_testkit.declared_spaces import assert_learns, assert_refuses, declared_cases, undeclared_cases


@pytest.mark.parametrize("case", declared_cases(NPGExperimentBuilder), ids=str)
def test_it_learns_in_random_spaces_of_every_kind_that_its_manifest_declares(case):
    assert_learns(NPGExperimentBuilder, case)


@pytest.mark.parametrize("case", undeclared_cases(NPGExperimentBuilder), ids=str)
def test_it_refuses_spaces_of_every_other_kind_before_the_first_step(case):
    assert_refuses(NPGExperimentBuilder, case)
