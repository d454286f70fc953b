"""The records of an event file, as TensorBoard's own classes encode them. Only here is tensorboard imported."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter


class Events:
    """Writes events to a file that is open; one that cannot be written closes it, and raises OSError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._records = RecordWriter(file)

    def write_recipe(self, recipe: Mapping[str, Any]) -> None:
        """The version of the format, and the recipe as a text."""
        self._write(file_version="brain.Event:2")
        self._write(summary=text_pb("recipe", f"```json\n{json.dumps(recipe, indent=2)}\n```"), step=0)

    def write_scalars(self, metrics: Mapping[str, float], step: int) -> None:
        """One event with a value per tag."""
        self._write(summary=Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in metrics.items()]), step=step)

    def _write(self, **what: Any) -> None:
        try:
            self._records.write(Event(wall_time=time.time(), **what).SerializeToString())
            self._file.flush()
        except OSError:
            with suppress(OSError):
                self._file.close()
            raise
