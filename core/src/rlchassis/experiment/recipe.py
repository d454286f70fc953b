"""The recipe for a run: only configuration and factories, so that it can be pickled, copied, compared and restored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
from attrs import field, frozen
from attrs.validators import optional

from rlchassis.agent import AgentFactory
from rlchassis.callbacks import Callbacks
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.envs import EnvFactory
from rlchassis.errors import NotAllowedError, StoredFileError, UsageError
from rlchassis.loggers import LoggerFactory
from rlchassis.persistence.files import EXPERIMENT_FILENAME, EXPERIMENT_PICKLE_FILENAME, LOG_FILENAME, write_atomically, write_json
from rlchassis.persistence.inert_pickle import inert_pickle
from rlchassis.persistence.own_code import OwnCode
from rlchassis.persistence.provenance import used_by
from rlchassis.persistence.recipe_bounds import require_bounded
from rlchassis.persistence.recipe_contents import foreign_names, unstorable_names
from rlchassis.persistence.recipe_data import to_data
from rlchassis.persistence.recipe_leaves import short_name
from rlchassis.persistence.recipe_reading import from_data
from rlchassis.persistence.refusals import brief
from rlchassis.persistence.run_lock import require_no_other_run
from rlchassis.persistence.stored_recipe import FORMAT, is_recipe, read_recipe
from rlchassis.registry import Component, Used
from rlchassis.renamed import refuses_old_keywords, refuses_old_names

if TYPE_CHECKING:
    from rlchassis.experiment.result import ExperimentResult
    from rlchassis.world import World

log = logging.getLogger(__name__)
ASKED_AT_ONCE = 300
"""Characters of the names of classes and functions that one message asks for."""


def _is(*kinds: type[Any]) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    def check(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, kinds):
            raise UsageError(f"{attribute.name} must be of {' or '.join(kind.__name__ for kind in kinds)}, not {value!r}.")

    return check


@refuses_old_names
@frozen
class Experiment:
    """Everything that decides a run; `run` carries it out."""

    EXPERIMENT_PICKLE_FILENAME: ClassVar[str] = EXPERIMENT_PICKLE_FILENAME
    LOG_FILENAME: ClassVar[str] = LOG_FILENAME

    config: ExperimentConfig = field(validator=_is(ExperimentConfig))
    env_factory: EnvFactory = field(validator=_is(EnvFactory))
    agent_factory: AgentFactory = field(validator=_is(AgentFactory))
    sampling_config: SamplingConfig = field(validator=_is(SamplingConfig))
    logger_factory: LoggerFactory | Component | None = field(default=None, validator=optional(_is(LoggerFactory, Component)))
    """None: LoggerFactoryDefault."""
    name: str | None = field(default=None, kw_only=True, validator=optional(_is(str)))
    """Where `run` puts it unless told otherwise; None: date and time."""
    callbacks: Callbacks = field(factory=Callbacks, kw_only=True, validator=_is(Callbacks))
    extensions: tuple[Component, ...] = field(default=(), kw_only=True, validator=_is(tuple))
    """Extensions by name, called in this order."""

    @refuses_old_keywords
    def run(
        self,
        experiment_name: str | None = None,
        logger_run_id: str | None = None,
        *,
        suffix_if_exists: bool = False,
        require_restorable: bool = False,
        observers: Sequence[object] = (),
    ) -> ExperimentResult:
        """Train, store and watch, as the configuration says.

        A name with separators makes nested directories within persistence_base_dir. One that exists is a UsageError, or with
        suffix_if_exists becomes "name-2", "name-3", …; require_restorable refuses a recipe that no file can hold. Observers are
        objects of this process with hooks of their own, called after those of the recipe and never stored.
        """
        from rlchassis.experiment.run import run_experiment

        return run_experiment(
            self,
            experiment_name,
            logger_run_id,
            suffix_if_exists=suffix_if_exists,
            require_restorable=require_restorable,
            observers=observers,
        )

    def create_experiment_world(self, directory: Path | None = None, logger_run_id: str | None = None) -> World:
        """Build all, restore what the configuration names, train nothing; without a directory nothing is written."""
        from rlchassis.experiment.assembly import create_world, write_into

        world = create_world(self)
        try:
            if directory is not None:
                write_into(directory, world, self, logger_run_id)
            world.hooks.rlchassis_world_ready(world=world)
        except BaseException:
            world.close()
            raise
        return world

    def with_config(self, **changes: Any) -> Self:
        """The same experiment with some settings of its configuration changed."""
        return attrs.evolve(self, config=attrs.evolve(self.config, **changes))

    def save(self, directory: str | Path) -> None:
        """Write experiment.json and experiment.pkl into a directory, made if need be; what no file can hold is told in one warning.

        UsageError where another process runs an experiment in that directory.
        """
        data = self.to_data()
        missing = unstorable_names(data)
        try:
            Path(directory).mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise UsageError(f"{directory} cannot be made a directory ({error}); choose another.") from error
        require_no_other_run(Path(directory))
        if missing:
            log.warning("%s cannot be stored in a file, so this run cannot be restored from its directory alone.", ", ".join(missing))
        write_json(Path(directory) / EXPERIMENT_FILENAME, data)
        pickled = inert_pickle(restore_experiment, data)
        write_atomically(Path(directory) / EXPERIMENT_PICKLE_FILENAME, lambda file: file.write(pickled))

    @classmethod
    def from_directory(cls, directory: str | Path, restore_policy: bool = True, *, allow: Iterable[Any] = ()) -> Experiment:
        """The experiment that was run there, without running anything that the directory could bring along.

        With restore_policy a run of it goes on from the policy stored there. Classes and functions of your own that the recipe uses
        are handed over in `allow`. StoredFileError says what stands against opening it.
        """
        data = read_recipe(directory)
        experiment = cls.from_stored(data, directory, allow, f"Experiment.from_directory({str(directory)!r}")
        return experiment.with_config(policy_restore_directory=str(directory)) if restore_policy else experiment

    @classmethod
    def from_stored(cls, data: Any, directory: str | Path, allow: Iterable[Any], call: str) -> Experiment:
        """From data that a directory held; StoredFileError, with the call to make instead where code of users is to be handed over."""
        allow = list(allow)
        require_allowed(data, allow, f"the recipe in {directory}", call)
        try:
            return cls.from_data(data, allow, used_by(directory))
        except Exception as error:  # whatever validators, converters and parts of plugins make of strange values
            raise StoredFileError(f"the recipe in {directory} cannot be used: {brief(error)}") from error

    def to_data(self) -> dict[str, Any]:
        """The recipe as plain data."""
        fields = {a.name: to_data(getattr(self, a.name)) for a in attrs.fields(type(self))}
        return {"format": FORMAT, **fields}

    @classmethod
    def from_data(cls, data: Any, allow: Iterable[Any] = (), used: Used = frozenset()) -> Experiment:
        """From what to_data gave; UsageError where it is not that."""
        if not is_recipe(data):
            raise UsageError(f"it is no recipe of format {FORMAT}; was it written by another version of rlchassis-core?")
        return from_data({key: value for key, value in data.items() if key != "format"}, cls, allow, used)


def restore_experiment(data: Any) -> Experiment:
    """What a loaded experiment.pkl calls: the recipe, without users' own classes."""
    return Experiment.from_data(data)


def require_allowed(data: Any, allow: Iterable[Any], what: str, call: str) -> None:
    """NotAllowedError, with the line to write instead, where the data uses code of a user that was not handed over."""
    try:
        require_bounded(data)
    except UsageError as error:
        raise StoredFileError(f"{what} cannot be used: {error}") from error
    own_code = OwnCode(allow)
    missing = [name for name in foreign_names(data) if own_code.find(name) is None]
    missing = [name for name, length in zip(missing, accumulate(map(len, missing)), strict=True) if length <= ASKED_AT_ONCE]
    if missing:
        everything = ", ".join([short_name(name) for name in missing] + [each.__name__ for each in allow])
        raise NotAllowedError(what, missing, f"hand it over: {call}, allow=[{everything}])")
