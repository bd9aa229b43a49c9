"""Boosted trees score their own rows as scikit-learn does."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from audiencekit.modelling.boosted import SETTINGS as TREES
from audiencekit.modelling.boosted import fit_boosted
from audiencekit.modelling.classifier import ClassifierSettings
from audiencekit.modelling.planned import score_all_boosted

NEAR = 1e-9
VERSION = ["model_code", "version"]


def people(seed: int, rows: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)).round(3)
    return pd.DataFrame(x, columns=["a", "b", "c"]).assign(
        customer_key=[f"c{n:04d}" for n in range(rows)],
        is_positive=rng.random(rows) < 1 / (1 + np.exp(-x[:, 0] - x[:, 1] * x[:, 2])),
    )


@pytest.mark.slow
def test_every_boosted_version_scores_its_own_rows_as_scikit_learn_does():
    """Two versions and two moments, mixed: each row gets the trees of its own version."""
    features, params, asked, expected = ["a", "b", "c"], [], [], []
    for seed, cutoff in enumerate(("2017-01-01", "2017-02-01")):
        training = people(seed)
        rows = fit_boosted(training, ClassifierSettings("m", features, cutoff))
        model = HistGradientBoostingClassifier(random_state=7, **TREES).fit(
            training[features].to_numpy(), training["is_positive"]
        )
        params.append(rows)
        for moment in ("2017-03-01", "2017-04-01"):
            inputs = people(10 + seed).assign(
                model_code="m", version=rows["version"].iloc[0], moment_at=pd.Timestamp(moment)
            )
            asked.append(inputs)
            expected.append(
                inputs.assign(expected=model.predict_proba(inputs[features].to_numpy())[:, 1])
            )
    mixed = pd.concat(asked, ignore_index=True).sample(frac=1, random_state=1)
    shuffled = pd.concat(params, ignore_index=True).sample(frac=1, random_state=2)
    found = score_all_boosted(shuffled, mixed)
    keys = [*VERSION, "customer_key", "moment_at"]
    both = found.merge(pd.concat(expected)[[*keys, "expected"]], on=keys, validate="1:1")
    assert len(both) == len(mixed) == 2400
    np.testing.assert_allclose(both["probability"], both["expected"], rtol=0, atol=NEAR)
    assert both.groupby("version")["expected"].mean().nunique() == 2
