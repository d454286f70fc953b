"""Networks written for Tianshou, which may answer (tensor, state) and values [B, 1], as networks of rlchassis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, distributions, nn

from rlchassis.api import UsageError
from rlchassis_toolkit import Categorical, DiagonalGaussian


class Answering(nn.Module):
    """A network without the state in its answer; its features, which a critic may share, are those of its preprocess_net."""

    def __init__(self, network: nn.Module, output_dim: int | None = None) -> None:
        super().__init__()
        self.network = network
        if output_dim is not None:
            self.output_dim = output_dim

    def forward(self, *inputs: Any) -> Any:
        """The first part of a pair (answer, state), or the answer itself; a pair of tensors is an answer."""
        answer = self.network(*inputs)
        if isinstance(answer, tuple) and len(answer) == 2 and not (isinstance(answer[0], Tensor) and isinstance(answer[1], Tensor)):
            return answer[0]
        return answer

    @property
    def features(self) -> nn.Module:
        """The network below the actor's head; UsageError where it has none."""
        inner = getattr(self.network, "get_preprocess_net", lambda: getattr(self.network, "preprocess", None))()
        width = getattr(inner, "output_dim", None)
        if not isinstance(inner, nn.Module) or width is None:
            raise UsageError(
                f"expected {type(self.network).__name__} to have a `preprocess` network with `output_dim`, which a critic can share; "
                "give the critic a network of its own."
            )
        return Answering(inner, int(width))


class Stochastic(Answering):
    """An actor that answers what a function makes a torch distribution of."""

    def __init__(self, network: nn.Module, dist_fn: Callable[[Any], distributions.Distribution]) -> None:
        super().__init__(network)
        self.dist_fn = dist_fn

    def forward(self, *inputs: Any) -> Categorical | DiagonalGaussian:
        """Observations [B, …] → distribution over actions."""
        return distribution_of(self.dist_fn(super().forward(*inputs)))


class Gaussian(Answering):
    """An actor that answers mean and standard deviation of a Gaussian, for policies that squash it."""

    def forward(self, *inputs: Any) -> tuple[Tensor, Tensor]:
        """Observations [B, …] → mean and log standard deviation, [B, D]."""
        mean, std = super().forward(*inputs)
        return mean, std.log()


class Values(Answering):
    """A critic that answers values [B, 1], or of each action [B, K]."""

    def __init__(self, network: nn.Module, *, of_each_action: bool = False) -> None:
        super().__init__(network)
        self.of_each_action = of_each_action

    def forward(self, *inputs: Any) -> Tensor:
        """Observations, and actions if it takes them → values [B] or [B, K]."""
        values: Tensor = super().forward(*inputs)
        return values if self.of_each_action or values.dim() == 1 else values.squeeze(-1)


def distribution_of(made: distributions.Distribution) -> Categorical | DiagonalGaussian:
    """The same distribution in rlchassis; UsageError for other kinds than categorical and independent Gaussian ones."""
    match made:
        case distributions.Categorical():
            return Categorical(made.logits)
        case distributions.Independent(base_dist=distributions.Normal() as normal):
            return DiagonalGaussian(normal.loc, normal.scale.log())
        case distributions.Normal():
            return DiagonalGaussian(made.loc, made.scale.log())
    raise UsageError(
        f"expected a Categorical, a Normal or an Independent of one of a dist_fn, got {type(made).__name__}; "
        "write a policy of another kind as a plugin of rlchassis."
    )
