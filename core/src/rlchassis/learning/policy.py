"""Policies and policy wrappers."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from difflib import get_close_matches
from typing import Any

from gymnasium import spaces
from torch import Generator, Tensor, nn

from rlchassis.data.action_layout import ActionLayout
from rlchassis.data.experience import Experience, Metrics, Observation
from rlchassis.learning.module_factory import HasSpaces


class DeclaredAttributes(ABCMeta):
    """Metaclass of policies, which rejects attributes that neither class nor __init__ set."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Construct the policy; afterwards unknown attributes cannot be set."""
        policy = super().__call__(*args, **kwargs)
        vars(policy)["_is_constructed"] = True
        return policy


class Policy(nn.Module, metaclass=DeclaredAttributes):
    """Base class of policies. Everything needed for acting is in its state_dict.

    Recurrent state is passed to and returned from `act`, one row [N, …] per environment, and never kept in attributes, all of which
    are set in __init__.
    """

    joint_actions: bool = False
    """Whether actions of several discrete parts are chosen as one: as joint indices [N], the last part counting fastest."""
    sequence_length: int = 1
    """Consecutive rows that are learned from together; more than 1 with recurrent state."""
    burn_in: int = 0
    """Rows before each replayed sequence from which its initial state is computed."""

    def __setattr__(self, name: str, value: Any) -> None:
        """AttributeError, with the nearest name, for an attribute that __init__ did not set; private ones are allowed for torch."""
        is_torchs = name.startswith("_") or name == "parametrizations"
        if "_is_constructed" in vars(self) and not is_torchs and not hasattr(self, name):
            names = [each for each in (*vars(self), *self._parameters, *self._buffers, *self._modules) if not each.startswith("_")]
            close = get_close_matches(name, names, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"set it in the __init__ of {type(self).__name__}."
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}; {hint}", name=name, obj=self)
        super().__setattr__(name, value)

    @abstractmethod
    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions [N, …] for observations [N, …], and the recurrent state [N, …] for the next call, None for memoryless policies.

        The state passed is None before the first step of all environments, and zero where a new episode begins.
        """

    @property
    def records_columns(self) -> bool:
        """Whether `columns` records anything; by default where a class overrides it."""
        return type(self).columns is not Policy.columns

    def columns(self, before: Any, after: Any) -> dict[str, Any]:
        """Columns to record with a step: trees of tensors [N, …] by name, from the states before and after its `act`. Default: none."""
        return {}

    def network_view(self, envs: HasSpaces, obs: Observation) -> tuple[HasSpaces, Observation]:
        """Spaces and observations [B, …] as its networks get them, for the checks before training. Default: unchanged."""
        return envs, obs

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """Check network outputs on example observations [B, …]; raise UsageError if they do not fit. Called once, before training."""

    def set_progress(self, progress: float) -> None:
        """Called before every collection with the progress of the run, 0 to 1, for exploration schedules."""

    def transform(self, experience: Experience) -> Experience:
        """Transform experience to what the inner policy sees, such as normalized observations; called before Algorithm.prepare.

        It was transformed by the wrappers outside of this one; the outermost policy is given raw experience.
        """
        return experience

    def transform_rollout(self, rollout: Experience) -> Experience:
        """Transform a whole rollout, on policy, whose rows follow each other and may be made not valid. Default: `transform`."""
        return self.transform(rollout)

    def learn(self, experience: Experience) -> Metrics:
        """Update the policy's own learned parts after the algorithm's updates, from what `transform` was given; returns metrics."""
        return {}

    def observe(self, experience: Experience) -> None:
        """Update running statistics from newly collected experience, transformed by the wrappers outside of this one.

        Called once per collection, after the updates.
        """


class PolicyWrapper(Policy):
    """Base class of policy wrappers; subclasses override what they change."""

    def __init__(self, inner: Policy) -> None:
        super().__init__()
        self.inner = inner

    @property
    def records_columns(self) -> bool:
        """Whether the wrapper or the inner policy records columns."""
        return type(self).columns is not PolicyWrapper.columns or self.inner.records_columns

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Act as the inner policy."""
        return self.inner.act(obs, state, explore=explore, rng=rng)

    def columns(self, before: Any, after: Any) -> dict[str, Any]:
        """Columns of the inner policy; a wrapper that adds to the state passes on the inner policy's part."""
        return self.inner.columns(before, after)


def layers(policy: Policy) -> Iterator[Policy]:
    """The policy and those that it wraps, outermost first: the order in which observations pass through them."""
    while isinstance(policy, PolicyWrapper):
        yield policy
        policy = policy.inner
    yield policy


def action_space_of(policy: Policy, space: spaces.Space[Any]) -> spaces.Space[Any]:
    """Space of a policy's actions in an environment: Discrete over all joint choices for `joint_actions`, else the environment's own."""
    *_, innermost = layers(policy)
    layout = ActionLayout.of(space)
    return spaces.Discrete(layout.joint_size) if innermost.joint_actions and layout.is_discrete else space


def in_evaluation(modules: Iterable[nn.Module]) -> AbstractContextManager[None]:
    """Context in which modules are in evaluation mode; restores their modes afterwards."""
    training = [module for module in modules if module.training]
    return _evaluating(training) if training else nullcontext()


@contextmanager
def _evaluating(training: Sequence[nn.Module]) -> Iterator[None]:
    for module in training:
        module.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
