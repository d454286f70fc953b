"""The configuration of hindsight replay."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import BufferFactory, EnvFactory, Environments, EnvMode, OffPolicyTrainer, ResolvedSampling, choice, whole
from rlchassis_her.goals import Goals, require_goal_space
from rlchassis_her.replay import STRATEGIES, HindsightReplay


@frozen
class BufferFactoryHER(BufferFactory):
    """Replay that relabels sampled transitions with goals that were reached in the same episode."""

    strategy: str = choice("future", STRATEGIES)
    """Which goals: "future" is one reached at or after the transition, "final" the last of its episode, "episode" any of its episode."""
    n_sampled_goal: int = whole(4)
    """Relabelled transitions k per transition with its own goal: of a batch, k / (k + 1) are relabelled."""

    def create_buffer(self, sampling: ResolvedSampling, envs: Environments, env_factory: EnvFactory) -> HindsightReplay:
        """See BufferFactory; its environment computes the rewards."""
        require_goal_space(envs.observation_space)
        infos = envs.train.infos if envs.train is not None else None
        info = {} if infos is None else {key: values[0] for key, values in infos.columns.items()}
        env = env_factory.create_env(EnvMode.TRAIN)
        try:
            goals = Goals.of(env, info)
        except BaseException:
            env.close()
            raise
        return HindsightReplay(OffPolicyTrainer.create_buffer(sampling), goals, self.strategy, self.n_sampled_goal, tuple(info))
