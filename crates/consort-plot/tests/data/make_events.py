"""Makes events.hex: an event file written by TensorBoard's own record writer."""
import io
import tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

class Keep(io.BytesIO):
    pass

out = Keep()
writer = RecordWriter(out)
writer.write(Event(wall_time=1700000000.25, file_version="brain.Event:2").SerializeToString())
for tag, step, value in [("loss/train", 1, 0.5), ("größe", 300, -2.0), ("loss/train", 0, 0.25)]:
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
    writer.write(Event(wall_time=1700000000.25, step=step, summary=summary).SerializeToString())
text = out.getvalue().hex()
open("events.hex", "w").write("\n".join(text[i : i + 96] for i in range(0, len(text), 96)) + "\n")
print(tensorboard.__version__)
