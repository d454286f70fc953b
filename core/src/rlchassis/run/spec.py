"""The configuration of a run: its fields, and their encoding as data and files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

import attrs
from attrs import field, frozen
from attrs.validators import optional

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.config.tianshou_names import refuses_old_names
from rlchassis.envs import EnvFactory
from rlchassis.errors import UsageError
from rlchassis.registry import Component, Used
from rlchassis.storage.files import EXPERIMENT_FILENAME, EXPERIMENT_PICKLE_FILENAME, write_atomically, write_json
from rlchassis.storage.inert_pickle import inert_pickle
from rlchassis.storage.run_lock import require_no_other_run
from rlchassis.storage.spec.contents import unstorable_names
from rlchassis.storage.spec.decoding import from_data
from rlchassis.storage.spec.encoding import to_data
from rlchassis.storage.stored_configuration import FORMAT, is_configuration
from rlchassis.training.agent import AgentFactory
from rlchassis.training.callbacks import Callbacks
from rlchassis.training.loggers import LoggerFactory

log = logging.getLogger(__name__)


def _is(*kinds: type[Any]) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    def check(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, kinds):
            raise UsageError(f"{attribute.name} must be of {' or '.join(kind.__name__ for kind in kinds)}, not {value!r}.")

    return check


@refuses_old_names
@frozen
class ExperimentSpec:
    """Complete configuration of a run: settings and factories only, so it can be pickled, copied, compared and stored."""

    restored_by: ClassVar[Callable[[Any], Any]]
    """Function that experiment.pkl calls with its data when unpickled."""

    config: ExperimentConfig = field(validator=_is(ExperimentConfig))
    env_factory: EnvFactory = field(validator=_is(EnvFactory))
    agent_factory: AgentFactory = field(validator=_is(AgentFactory))
    sampling_config: SamplingConfig = field(validator=_is(SamplingConfig))
    logger_factory: LoggerFactory | Component | None = field(default=None, validator=optional(_is(LoggerFactory, Component)))
    """None: LoggerFactoryDefault."""
    name: str | None = field(default=None, kw_only=True, validator=optional(_is(str)))
    """Default name of the run directory; None: date and time."""
    callbacks: Callbacks = field(factory=Callbacks, kw_only=True, validator=_is(Callbacks))
    extensions: tuple[Component, ...] = field(default=(), kw_only=True, validator=_is(tuple))
    """Extensions by name, in calling order."""

    def with_config(self, **changes: Any) -> Self:
        """A copy with changed fields of ExperimentConfig."""
        return attrs.evolve(self, config=attrs.evolve(self.config, **changes))

    def save(self, directory: str | Path) -> None:
        """Write experiment.json and experiment.pkl into a directory, created if needed; logs a warning about values that cannot be stored.

        UsageError if another process runs an experiment in that directory.
        """
        data = self.to_data()
        missing = unstorable_names(data)
        try:
            Path(directory).mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot create the directory {directory} ({error}); choose another.") from error
        require_no_other_run(Path(directory))
        if missing:
            log.warning("%s cannot be stored in a file, so this run cannot be restored from its directory alone.", ", ".join(missing))
        write_json(Path(directory) / EXPERIMENT_FILENAME, data)
        pickled = inert_pickle(type(self).restored_by, data)
        write_atomically(Path(directory) / EXPERIMENT_PICKLE_FILENAME, lambda file: file.write(pickled))

    def to_data(self) -> dict[str, Any]:
        """The configuration as plain data."""
        fields = {a.name: to_data(getattr(self, a.name)) for a in attrs.fields(type(self))}
        return {"format": FORMAT, **fields}

    @classmethod
    def from_data(cls, data: Any, allow: Iterable[Any] = (), used: Used = frozenset()) -> Self:
        """Decode the output of to_data; UsageError for anything else."""
        if not is_configuration(data):
            raise UsageError(f"expected a configuration of format {FORMAT}; was it written by another version of rlchassis-core?")
        return from_data({key: value for key, value in data.items() if key != "format"}, cls, allow, used)
