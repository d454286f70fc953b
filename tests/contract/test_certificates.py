"""What the certificates claim follows from the scores they list."""

from __future__ import annotations

import tomllib
from pathlib import Path
from statistics import fmean, pstdev

import pytest

ROOT = Path(__file__).parents[2]
CERTIFICATES = {
    f"{file.parent.name} {certificate['environment']} {certificate['steps']}": certificate
    for file in sorted(ROOT.glob("plugins/*/certificate.toml"))
    for certificate in tomllib.loads(file.read_text(encoding="utf-8"))["certificate"]
}


@pytest.fixture(params=CERTIFICATES, scope="module")
def certificate(request):
    return CERTIFICATES[request.param]


def test_ppo_has_certificates():
    assert {"rlchassis-ppo CartPole-v1 100000", "rlchassis-ppo HalfCheetah-v5 100000"} <= CERTIFICATES.keys()


def test_there_is_one_score_per_seed(certificate):
    assert len(certificate["measured"]["scores"]) == len(set(certificate["seeds"])) == len(certificate["seeds"])


def test_mean_spread_and_worst_are_those_of_the_scores(certificate):
    measured = certificate["measured"]
    scores = measured["scores"]
    assert (measured["mean"], measured["std"], measured["worst"]) == pytest.approx((fmean(scores), pstdev(scores), min(scores)), abs=0.05)


def test_the_scores_keep_the_bounds(certificate):
    measured = certificate["measured"]
    assert fmean(measured["scores"]) >= certificate["mean_at_least"]
    assert min(measured["scores"]) >= certificate["worst_at_least"]


def test_a_certificate_says_what_it_was_measured_with(certificate):
    assert len(certificate["measured"]["commit"]) >= 7
    assert {"python", "torch", "numpy", "gymnasium"} <= certificate["measured"].keys()
    assert certificate["settings"]
    assert certificate["source"]
