"""Records of an event file, encoded by TensorBoard's own classes. The only module that imports tensorboard."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from rlchassis.api import settings_of

HYPERPARAMETER = bool | int | float | str
RGB = 3
"""Number of colours of an image in TensorBoard's terms."""


class Events:
    """Writer of events to an open file; a failed write closes the file and raises OSError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._records = RecordWriter(file)

    def write_configuration(self, configuration: Mapping[str, Any]) -> None:
        """Write the format version, and the configuration as a text and as hyperparameters."""
        self._write(file_version="brain.Event:2")
        self._write(summary=text_pb("configuration", f"```json\n{json.dumps(configuration, indent=2)}\n```"), step=0)
        settings = {name: value if isinstance(value, HYPERPARAMETER) else str(value) for name, value in settings_of(configuration).items()}
        self._write(summary=hparams_pb(settings), step=0)

    def write_scalars(self, metrics: Mapping[str, float], step: int) -> None:
        """Write one event with a value per tag."""
        self._write(summary=Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in metrics.items()]), step=step)

    def write_histogram(self, tag: str, values: Sequence[float], step: int) -> None:
        """Write one event with a histogram."""
        self._write(summary=histogram_pb(tag, values), step=step)

    def write_gif(self, tag: str, content: bytes, step: int) -> None:
        """Write one event with a GIF file, whose size stands in its first bytes."""
        width, height = struct.unpack("<HH", content[6:10])
        image = Summary.Image(height=height, width=width, colorspace=RGB, encoded_image_string=content)
        self._write(summary=Summary(value=[Summary.Value(tag=tag, image=image)]), step=step)

    def _write(self, **what: Any) -> None:
        try:
            self._records.write(Event(wall_time=time.time(), **what).SerializeToString())
            self._file.flush()
        except OSError:
            with suppress(OSError):
                self._file.close()
            raise
