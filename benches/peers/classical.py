"""scikit-learn on data drawn as in `crates/consort-linfa/examples/speed.rs`: least of three, in milliseconds."""
import time
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def drawn(rows, width, classes):
    r = np.random.default_rng(1)
    x = r.standard_normal((rows, width)).astype(np.float32)
    z = x @ r.standard_normal(width) + 2 * r.standard_normal(rows)
    if classes == 0:
        return x, z
    return x, np.clip((z / width**0.5 + 1) * classes / 2, 0, classes - 1).astype(int)


def clock(name, model, data):
    x, y = data
    fit = predict = np.inf
    for _ in range(3):
        start = time.perf_counter()
        model.fit(x, y)
        fit = min(fit, time.perf_counter() - start)
        start = time.perf_counter()
        (model.predict_proba if hasattr(model, "predict_proba") else model.predict)(x)
        predict = min(predict, time.perf_counter() - start)
    print(f"{name:24} fit {1e3 * fit:9.1f} ms   predict {1e3 * predict:9.1f} ms")


values, two, five = drawn(100_000, 20, 0), drawn(100_000, 20, 2), drawn(100_000, 20, 5)
clock("least squares", LinearRegression(), values)
clock("ridge", Ridge(), values)
clock("ridge of 5 penalties", RidgeCV([0.01, 0.1, 1, 10, 100]), values)
clock("logistic", make_pipeline(StandardScaler(), LogisticRegression()), two)
clock("logistic of 5 classes", make_pipeline(StandardScaler(), LogisticRegression()), five)
clock("Gaussian naive Bayes", GaussianNB(), two)
clock("5 nearest of 20,000", KNeighborsClassifier(5, algorithm="brute"), drawn(20_000, 20, 2))
svc = CalibratedClassifierCV(make_pipeline(StandardScaler(), SVC()), cv=5, ensemble=False)
clock("support vectors of 3,000", svc, drawn(3_000, 20, 2))
