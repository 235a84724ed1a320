"""Two small ONNX models and what numpy says with them: `python make_onnx.py`, with onnx and numpy."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(4)


def save(name, nodes, weights, inputs, outputs):
    kept = [numpy_helper.from_array(value.astype(np.float32), key) for key, value in weights.items()]
    info = lambda key, shape: helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, name, [info("x", inputs)], [info("y", outputs)], kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, f"{name}.onnx")


# Three numbers to two classes: probabilities, any number of rows.
w1, b1, w2, b2 = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(4, 2)), rng.normal(size=2)
save(
    "onnx_mlp",
    [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["a"]),
        helper.make_node("Relu", ["a"], ["h"]),
        helper.make_node("Gemm", ["h", "w2", "b2"], ["z"]),
        helper.make_node("Softmax", ["z"], ["y"], axis=1),
    ],
    {"w1": w1, "b1": b1, "w2": w2, "b2": b2},
    ["rows", 3],
    ["rows", 2],
)
x = rng.normal(size=(5, 3)).astype(np.float32)
z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
p = np.exp(z - z.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)

# Images of 6 × 6 to one logit, one row at a time.
k, c, w, b = rng.normal(size=(2, 1, 3, 3)), rng.normal(size=2), rng.normal(size=(2, 1)), rng.normal(size=1)
save(
    "onnx_images",
    [
        helper.make_node("Conv", ["x", "k", "c"], ["a"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["a"], ["h"]),
        helper.make_node("GlobalAveragePool", ["h"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"], axis=1),
        helper.make_node("Gemm", ["f", "w", "b"], ["y"]),
    ],
    {"k": k, "c": c, "w": w, "b": b},
    [1, 1, 6, 6],
    [1, 1],
)
images = rng.normal(size=(3, 1, 6, 6)).astype(np.float32)
logits = []
for image in images:
    out = np.zeros((2, 4, 4))
    for o in range(2):
        for i in range(4):
            for j in range(4):
                out[o, i, j] = (image[0, i : i + 3, j : j + 3] * k[o, 0]).sum() + c[o]
    logits.append(float((np.maximum(out, 0).mean((1, 2)) @ w + b)[0]))

flat = lambda a: [float(v) for v in np.asarray(a).ravel()]
json.dump(
    {"rows": flat(x), "probabilities": flat(p), "images": flat(images), "logits": logits}, open("onnx.json", "w")
)
