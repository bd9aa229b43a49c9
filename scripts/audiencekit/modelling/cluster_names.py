"""Names and rules for groups, in the words of marketing.

A small decision tree learns the groups: its paths are the rules, and its accuracy shows how far to trust them. Names
come from a vocabulary that people review. A word is used only if it is true of the group's numbers, compared with
those of all other customers.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.tree import DecisionTreeClassifier

# How often a member must be beyond a customer of another group before a name starts with the word: 64 % is half a
# standard deviation between two normal distributions (Cohen's medium effect), 56 % is a fifth (a small one).
NOTABLE = 0.64
SLIGHT = 0.56
WORDS_AT_FIRST = 2
WORDS_AT_MOST = 4
# Letters of a name, so that the label of a segment, 36, has room for a number and the group.
LONGEST = 30
NO_WORD = "no clear trait"


class Words(NamedTuple):
    """The word for a low and for a high value of a feature; an empty word is left out.

    Words compare a group with everybody else. With `bound`, a word also says something by itself: the group's median
    must be on the word's side of it.
    """

    low: str
    high: str
    bound: float | None = None


Vocabulary = Mapping[str, Words]


def surrogate_tree(inputs: np.ndarray, labels: np.ndarray, seed: int) -> DecisionTreeClassifier:
    """A tree of at most k + 2 leaves and depth 4 that predicts the group of unscaled `inputs` (n, d)."""
    leaves = len(np.unique(labels)) + 2
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, max_depth=4, random_state=seed)
    return tree.fit(inputs, labels)


def rules_in_words(
    tree: DecisionTreeClassifier, features: Sequence[str], log1p_features: Collection[str] = ()
) -> dict[int, str]:
    """The conditions of the tree for each group, the largest leaf first. A group without a leaf is absent.

    Thresholds are in the units of the inputs; of `log1p_features` in the units before log1p.
    """
    nodes = tree.tree_
    leaves = []

    def walk(node: int, bounds: dict[str, tuple[float, float]]) -> None:
        if nodes.children_left[node] == -1:
            group = int(tree.classes_[nodes.value[node, 0].argmax()])
            leaves.append((group, -int(nodes.n_node_samples[node]), node, bounds))
            return
        feature, cut = features[nodes.feature[node]], float(nodes.threshold[node])
        low, high = bounds.get(feature, (-np.inf, np.inf))
        walk(nodes.children_left[node], bounds | {feature: (low, min(high, cut))})
        walk(nodes.children_right[node], bounds | {feature: (max(low, cut), high)})

    walk(0, {})
    rules: dict[int, str] = {}
    for group, _, _, bounds in sorted(leaves, key=lambda leaf: leaf[:3]):
        rule = " and ".join(
            _condition(feature, low, high, feature in log1p_features)
            for feature, (low, high) in bounds.items()
        )
        rules[group] = f"{rules[group]}; or {rule}" if group in rules else rule or "everybody"
    return rules


def name_groups(
    values: np.ndarray,
    assigned: np.ndarray,
    features: Sequence[str],
    vocabulary: Vocabulary | None = None,
) -> dict[int, str]:
    """A unique name for each group in `assigned` (n,), from the unscaled `values` (n, d) of all customers.

    `vocabulary` has the words of each feature, in the order of the words in a name. Without one the words are 'low'
    and 'high' of every feature.

    A name starts with up to two words for notable features. Groups with the same words add their next word until
    they differ, up to four words and LONGEST letters; groups that still have the same name are numbered.
    """
    vocabulary = vocabulary or {f: Words(f"low {_plain(f)}", f"high {_plain(f)}") for f in features}
    words = _true_words(values, assigned, features, vocabulary)
    counts = {
        group: max(
            count
            for count in range(WORDS_AT_FIRST + 1)
            if count <= sum(chance >= NOTABLE for chance, _, _ in ranked)
            and len(_phrase(ranked[:count])) <= LONGEST
        )
        for group, ranked in words.items()
    }
    while True:
        names = {group: _phrase(words[group][: counts[group]]) for group in words}
        taken = list(names.values())
        longer = [
            group
            for group, name in names.items()
            if taken.count(name) > 1
            and counts[group] < min(WORDS_AT_MOST, len(words[group]))
            and len(_phrase(words[group][: counts[group] + 1])) <= LONGEST
        ]
        if not longer:
            return _numbered(names)
        for group in longer:
            counts[group] += 1


def _true_words(
    values: np.ndarray, assigned: np.ndarray, features: Sequence[str], vocabulary: Vocabulary
) -> dict[int, list[tuple[float, int, str]]]:
    """For each group its true words as (chance, position in the vocabulary, word), the strongest first.

    The chance is that of a member to be beyond a customer of another group (Mann and Whitney's U over the number of
    pairs; ties count half). A word is true if the chance is at least SLIGHT, and median and mean of the group are on
    the same side of those of everybody else.
    """
    found: dict[int, list[tuple[float, int, str]]] = {
        int(group): [] for group in np.unique(assigned)
    }
    for position, (feature, words) in enumerate(vocabulary.items()):
        if feature not in features:
            continue
        column = values[:, list(features).index(feature)]
        ranks = rankdata(column)
        for group, ranked in found.items():
            inside = assigned == group
            members, others = int(inside.sum()), int((~inside).sum())
            if not others:
                continue
            beyond = (ranks[inside].sum() - members * (members + 1) / 2) / (members * others)
            side, word = (1, words.high) if beyond >= 0.5 else (-1, words.low)
            median = np.median(column[inside])
            is_true = (
                side * (median - np.median(column[~inside])) > 0
                and side * (column[inside].mean() - column[~inside].mean()) > 0
                and (words.bound is None or side * (median - words.bound) > 0)
            )
            chance = round(max(beyond, 1 - beyond), 9)
            if word and is_true and chance >= SLIGHT:
                ranked.append((chance, position, word))
    return {
        group: sorted(ranked, key=lambda word: (-word[0], word[1]))
        for group, ranked in found.items()
    }


def _phrase(words: list[tuple[float, int, str]]) -> str:
    """Words in the vocabulary's order: 'frequent small baskets, weekday'."""
    in_order = [word for _, _, word in sorted(words, key=lambda word: word[1])]
    if not in_order:
        return NO_WORD
    # A single word before a phrase is its adjective; everything else is a list.
    return in_order[0] + "".join(
        f" {word}" if " " in word and " " not in before else f", {word}"
        for before, word in pairwise(in_order)
    )


def _numbered(names: dict[int, str]) -> dict[int, str]:
    """Equal names get 2, 3 … from the second id on."""
    seen: dict[str, int] = {}
    unique = {}
    for group, name in names.items():
        seen[name] = seen.get(name, 0) + 1
        unique[group] = name if seen[name] == 1 else f"{name} {seen[name]}"
    return unique


def _condition(feature: str, low: float, high: float, is_log1p: bool) -> str:
    bounds = []
    if np.isfinite(low):
        bounds.append(f"above {_number(np.expm1(low) if is_log1p else low)}")
    if np.isfinite(high):
        bounds.append(f"at most {_number(np.expm1(high) if is_log1p else high)}")
    name = feature.removeprefix("log_") if is_log1p else feature
    return f"{_plain(name)} {' and '.join(bounds)}"


def _plain(feature: str) -> str:
    return feature.replace("_", " ")


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
