"""How many groups there should be: the largest number whose groups clearly come back when customers are drawn again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from audiencekit.modelling.cluster_quality import Quality

MIN_ARI = 0.85
MIN_JACCARD = 0.75


@dataclass(frozen=True)
class Choice:
    """The number of groups that the rule chooses, whether the grouping is stable, and a sentence why."""

    k: int
    is_stable: bool
    why: str


def choose_k(measured: Mapping[int, Quality], floor: float) -> Choice:
    """The largest k that is stable. If none is, the most stable k whose smallest group is large enough.

    A stable grouping need not be a real one: among many customers a cut through one crowd also comes back. So this
    rule tends to choose too many groups, above all with few features.
    """
    stable = [k for k, quality in measured.items() if is_stable(quality, floor)]
    if stable:
        best = max(stable)
        return Choice(
            best,
            True,
            f"{_groups(measured[best])} that come back when customers are drawn again {_figures(measured[best])}.",
        )
    large = [k for k, quality in measured.items() if quality.min_share >= floor]
    best = max(
        large or measured,
        key=lambda k: (np.nan_to_num(measured[k].bootstrap_ari, nan=-1.0), -k),
    )
    what = (
        f"No number of groups from {min(measured)} to {max(measured)} is stable"
        if len(measured) > 1
        else "This grouping is not stable"
    )
    small = "" if large else f"; no grouping keeps every group above {floor:.1%} of customers"
    return Choice(
        best,
        False,
        f"{what}; taken: {_groups(measured[best])} {_figures(measured[best])}{small}. "
        "Read them as slices of one crowd, not as kinds of customers.",
    )


def is_stable(quality: Quality, floor: float) -> bool:
    """Whether a grouping passes all three limits (False where a measure is undefined).

    The weakest group must pass by one standard error: eight groups of which one just comes back say more about the
    wish for many groups than about customers.
    """
    return (
        quality.k >= 2
        and quality.bootstrap_ari >= MIN_ARI
        and quality.min_jaccard - quality.jaccard_error >= MIN_JACCARD
        and quality.min_share >= floor
    )


def _groups(quality: Quality) -> str:
    return f"{quality.k} groups"


def _figures(quality: Quality) -> str:
    return (
        f"(agreement {quality.bootstrap_ari:.2f}, needed {MIN_ARI:.2f}; "
        f"weakest group {quality.min_jaccard:.2f} ± {quality.jaccard_error:.2f}, needed {MIN_JACCARD:.2f}; "
        f"smallest group {quality.min_share:.1%})"
    )
