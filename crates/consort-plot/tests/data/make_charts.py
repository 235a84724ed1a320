"""Makes charts.json: what the data of the charts must be, computed by scikit-learn and numpy, not by consort.

Run in this folder with scikit-learn 1.7 or later. The predictions beside it are small made-up ones: two classes
(binary.csv, probability of class 1), four classes (multi_*.csv), and numbers (regression.csv).
"""
import itertools, json
import numpy as np
from sklearn import metrics as M

read = lambda name: np.genfromtxt(name, delimiter=",", names=True, dtype=None, encoding="utf8")
b, r, t = read("binary.csv"), read("regression.csv"), read("multi_truth.csv")
out = {}

# kappa-error: Cohen's kappa between decisions, mean error of the two.
y = b["y"]
dec = {m: (b[m] >= 0.5).astype(int) for m in ["m1", "m2", "m3", "m4", "m5"]}
out["kappa_error"] = [
    [i, k, M.cohen_kappa_score(dec[i], dec[k]), (np.mean(dec[i] != y) + np.mean(dec[k] != y)) / 2]
    for i, k in itertools.combinations(dec, 2)
]

# vote margins of four members and four classes, with weights 1, 2, 3, 4.
classes = list("abcd")
files = [read(f"multi_m{i}.csv") for i in range(1, 5)]
probability = np.stack([np.stack([f[f"p_{c}"] for c in classes], 1) for f in files])
vote = probability.argmax(2)
truth = np.array([classes.index(c) for c in t["y"]])
for name, weights in [("votes", [1, 1, 1, 1]), ("weighted_votes", [1, 2, 3, 4])]:
    share = np.zeros((len(truth), 4))
    for member, w in zip(vote, weights):
        share[np.arange(len(truth)), member] += w / sum(weights)
    own = share[np.arange(len(truth)), truth]
    share[np.arange(len(truth)), truth] = -1
    margin = own - np.maximum(share.max(1), 0)
    out[name] = {c: [int((truth == k).sum()), float((margin[truth == k] < -1e-12).mean()), float(margin[truth == k].mean())]
                 for k, c in enumerate(classes)}

# the split of the error: Brier score of the mean, and mean squared error.
one = np.eye(4)[truth]
mean = probability.mean(0)
out["brier_split"] = [float(((p - one) ** 2).sum(1).mean()) for p in [mean]] + [
    float(np.mean([((p - one) ** 2).sum(1).mean() for p in probability])),
    float(np.mean([((p - mean) ** 2).sum(1).mean() for p in probability]))]
F = np.stack([r[m] for m in ["m1", "m2", "m3", "m4", "m5"]])
residual = F - r["y"]
cov = np.cov(residual, bias=True)
k = len(F)
out["squared_split"] = {
    "ensemble": float((residual.mean(0) ** 2).mean()), "member": float((residual ** 2).mean()),
    "ambiguity": float(((F - F.mean(0)) ** 2).mean()), "squared_bias": float(residual.mean() ** 2),
    "variance": float(np.trace(cov) / k / k), "covariance": float((cov.sum() - np.trace(cov)) / k / k)}

# thresholds and lift of m1.
p = b["m1"]
out["threshold"] = []
for at in [0.1, 0.3, 0.5, 0.7, 0.9]:
    d = p >= at
    out["threshold"].append([at, M.precision_score(y, d), M.recall_score(y, d), M.f1_score(y, d), float(d.mean())])
f1 = [(M.f1_score(y, p >= at), -at) for at in np.unique(p)]
out["best_f1"] = [-max(f1)[1], max(f1)[0]]
order = np.argsort(-p, kind="stable")
out["lift"] = [[s, float(y[order][: int(round(s * len(y)))].mean() / y.mean())] for s in [0.05, 0.1, 0.2, 0.3, 0.5]]
gini = 2 * M.roc_auc_score(y, p) - 1
out["gain_area"] = float(0.5 + gini * (1 - y.mean()) / 2)  # the area under gain, from the area under ROC
json.dump(out, open("charts.json", "w"), indent=1)
