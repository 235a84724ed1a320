"""Makes the reference values of this folder: `python make_reference.py FOLDER_OF_TABLES PENGUINS.csv`.

Tables are those of scikit-learn (iris, wine, breast cancer, diabetes, digits, linnerud) and the penguins of Palmer
Station (Horst, Hill, Gorman 2020; CC0). Features are rounded to single precision first, since consort keeps them so.
"""
import json, sys
import numpy as np, pandas as pd
from sklearn.cross_decomposition import PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge, RidgeCV,
                                  TweedieRegressor)
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

folder, penguins = sys.argv[1:]
STEP = 7


def single(x):
    return np.asarray(x, dtype=np.float32).astype(np.float64)


tables = {}
for name in ["iris", "wine", "breast_cancer", "diabetes", "digits", "linnerud"]:
    t = pd.read_csv(f"{folder}/{name}.csv").drop(columns=["target_name"], errors="ignore")
    if name == "digits":
        t = t.iloc[:600]
    tables[name] = t
p = pd.read_csv(penguins).dropna()
numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
t = p[numbers].copy()
t["target"] = pd.Categorical(p.species).codes
tables["penguins"] = t


def xy(name):
    t = tables[name]
    t.to_csv(f"{name}.csv", index=False)
    if name == "linnerud":
        return single(t.iloc[:, :3]), t.iloc[:, 3:].to_numpy(float)
    return single(t.drop(columns="target")), t.target.to_numpy()


def weights(n):
    # 0, 1, 2, 0.5 by the number of the row.
    return np.array([0.0, 1.0, 2.0, 0.5])[np.arange(n) % 4]


out = {}


def rows(a):
    return np.asarray(a)[::STEP].tolist()


def values(key, model, name, weighted=False):
    x, y = xy(name)
    model.fit(x, y, **({"sample_weight": weights(len(y))} if weighted else {}))
    case = {"table": name, "weighted": weighted, "predictions": rows(model.predict(x))}
    last = model[-1] if hasattr(model, "steps") else model
    if hasattr(last, "coef_") and not hasattr(last, "support_"):
        case["coefficients"] = np.atleast_2d(last.coef_).ravel().tolist()
        case["intercepts"] = np.atleast_1d(last.intercept_).tolist()
    if hasattr(last, "alpha_"):
        case["alpha"] = float(last.alpha_)
    out[key] = case


def classes(key, model, name, weighted=False):
    x, y = xy(name)
    fit = {}
    if weighted:
        step = f"{model.steps[-1][0]}__sample_weight" if hasattr(model, "steps") else "sample_weight"
        fit[step] = weights(len(y))
        if hasattr(model, "steps"):
            fit["standardscaler__sample_weight"] = weights(len(y))
    model.fit(x, y, **fit)
    out[key] = {"table": name, "weighted": weighted, "predictions": rows(model.predict_proba(x))}


def quadratic(key, name, shrinkage, weighted=False):
    """The formula itself: normal densities of standardised features, covariances of divisor n, shrunk by their trace."""
    x, y = xy(name)
    w = weights(len(y)) if weighted else np.ones(len(y))
    mean = np.average(x, axis=0, weights=w)
    z = (x - mean) / np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))
    logs = []
    for c in np.unique(y):
        own = np.where(y == c, w, 0.0)
        d = z - np.average(z, axis=0, weights=own)
        s = (d * own[:, None]).T @ d / own.sum()
        s = (1 - shrinkage) * s + shrinkage * np.trace(s) / len(s) * np.eye(len(s))
        away = np.einsum("ij,jk,ik->i", d, np.linalg.inv(s), d)
        logs.append(np.log(own.sum() / w.sum()) - 0.5 * np.linalg.slogdet(s)[1] - 0.5 * away)
    logs = np.array(logs).T
    p = np.exp(logs - logs.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    out[key] = {"table": name, "weighted": weighted, "predictions": rows(p)}


for w in [False, True]:
    s = "_weighted" if w else ""
    values(f"ols_diabetes{s}", LinearRegression(), "diabetes", w)
    values(f"ols_linnerud{s}", LinearRegression(), "linnerud", w)
    values(f"ridge_diabetes{s}", Ridge(alpha=0.3, solver="cholesky"), "diabetes", w)
    values(f"ridge_linnerud{s}", Ridge(alpha=20.0, solver="cholesky"), "linnerud", w)
    values(f"lasso_diabetes{s}", Lasso(alpha=0.5, tol=1e-12, max_iter=100000), "diabetes", w)
    values(f"elastic_net_diabetes{s}", ElasticNet(alpha=0.01, l1_ratio=0.4, tol=1e-12, max_iter=100000), "diabetes", w)
    for power in [0, 1, 1.5, 2]:
        tweedie = TweedieRegressor(power=power, alpha=0.1, link="log", tol=1e-9, max_iter=10000, solver="newton-cholesky")
        values(f"glm_{power}_diabetes{s}", tweedie, "diabetes", w)
    for name in ["breast_cancer", "iris", "wine", "digits", "penguins"]:
        if not w or name in ["iris", "wine", "penguins"]:
            # scikit-learn smooths by a variance without weights: nearly no smoothing makes the two comparable.
            classes(f"gnb_{name}{s}", GaussianNB(var_smoothing=1e-15 if w else 1e-9), name, w)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.7, tol=1e-9, max_iter=10000))
        classes(f"logistic_{name}{s}", model, name, w)
    classes(f"multinomial_nb_digits{s}", MultinomialNB(alpha=0.5), "digits", w)
    classes(f"bernoulli_nb_digits{s}", BernoulliNB(alpha=0.5, binarize=7.5), "digits", w)
values("ridge_cv_diabetes", RidgeCV(alphas=[1e-3, 1e-2, 0.1, 1, 10]), "diabetes")
for name in ["iris", "wine"]:
    model = LogisticRegression(C=2.0, tol=1e-10, max_iter=100000, solver="newton-cg")
    classes(f"logistic_raw_{name}", model, name)
for name in ["iris", "wine", "digits", "breast_cancer", "penguins"]:
    classes(f"knn_{name}", KNeighborsClassifier(7, algorithm="brute"), name)
classes("knn_distance_wine", KNeighborsClassifier(5, weights="distance", algorithm="brute"), "wine")
classes("knn_manhattan_wine", KNeighborsClassifier(5, metric="manhattan", algorithm="brute"), "wine")
classes("knn_cosine_wine", KNeighborsClassifier(5, metric="cosine", algorithm="brute"), "wine")
values("knn_diabetes", KNeighborsRegressor(9, algorithm="brute"), "diabetes")
values("knn_linnerud", KNeighborsRegressor(3, algorithm="brute"), "linnerud")
for name in ["iris", "wine", "penguins"]:
    classes(f"lda_{name}", LinearDiscriminantAnalysis(solver="lsqr"), name)
    classes(f"lda_shrunk_{name}", LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2), name)
    classes(f"lda_auto_{name}", LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"), name)
    quadratic(f"qda_shrunk_{name}", name, 0.2)
    quadratic(f"qda_shrunk_{name}_weighted", name, 0.2, True)
for k in [1, 2, 3]:
    values(f"pls_{k}_diabetes", PLSRegression(k), "diabetes")
    values(f"pls_{k}_linnerud", PLSRegression(k, tol=1e-14, max_iter=100000), "linnerud")
for kernel in ["rbf", "linear", "poly"]:
    model = make_pipeline(StandardScaler(), SVR(kernel=kernel, C=10.0, epsilon=5.0, tol=1e-9, coef0=1.0))
    values(f"svr_{kernel}_diabetes", model, "diabetes")
    x, y = xy("breast_cancer")
    model = make_pipeline(StandardScaler(), SVC(kernel=kernel, C=1.5, tol=1e-9, coef0=1.0)).fit(x, y)
    out[f"svc_{kernel}_breast_cancer"] = {"table": "breast_cancer", "weighted": False,
                                          "predictions": rows(model.decision_function(x))}

with open("scikit_learn.json", "w") as file:
    json.dump(out, file, separators=(",", ":"))
