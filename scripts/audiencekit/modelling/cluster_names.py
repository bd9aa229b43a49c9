"""Names and rules for groups, in the words of marketing.

A small decision tree learns the groups: its paths are the rules, and its accuracy shows how far to trust them. Names
come from the features in which a group's centre differs most, through a vocabulary that people review.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import numpy as np
from sklearn.tree import DecisionTreeClassifier

# A feature gets a word when the centre is at least this many standard deviations from the middle.
NOTABLE = 0.5
WORDS_AT_FIRST = 2
WORDS_AT_MOST = 4
NO_WORD = "middle of the road"

Vocabulary = Mapping[str, tuple[str, str]]


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
    offsets: Mapping[int, np.ndarray], features: Sequence[str], vocabulary: Vocabulary | None
) -> dict[int, str]:
    """A unique name for each group.

    `offsets` holds each group's centre (d,) in standard deviations from the middle of all customers. `vocabulary`
    gives (word for low, word for high) of a feature, in the order of the words in a name; an empty word is left out.
    Without a vocabulary the words are 'low' and 'high' of every feature.

    A name starts with up to two words for notable features. Groups with the same words add their next word until
    they differ, up to four words; groups that still have the same name are numbered.
    """
    vocabulary = vocabulary or {f: (f"low {_plain(f)}", f"high {_plain(f)}") for f in features}
    words = {group: _words(offset, features, vocabulary) for group, offset in offsets.items()}
    counts = {
        group: sum(strength >= NOTABLE for strength, _, _ in ranked[:WORDS_AT_FIRST])
        for group, ranked in words.items()
    }
    while True:
        names = {group: _phrase(words[group][: counts[group]]) for group in sorted(offsets)}
        taken = list(names.values())
        longer = [
            group
            for group, name in names.items()
            if taken.count(name) > 1 and counts[group] < min(WORDS_AT_MOST, len(words[group]))
        ]
        if not longer:
            return _numbered(names)
        for group in longer:
            counts[group] += 1


def _words(
    offset: np.ndarray, features: Sequence[str], vocabulary: Vocabulary
) -> list[tuple[float, int, str]]:
    """(strength, position in the vocabulary, word), the strongest first."""
    ranked = []
    for position, (feature, (low, high)) in enumerate(vocabulary.items()):
        if feature in features:
            value = float(offset[list(features).index(feature)])
            word = high if value >= 0 else low
            if word:
                ranked.append((round(abs(value), 9), position, word))
    return sorted(ranked, key=lambda word: (-word[0], word[1]))


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
    """Equal names get (2), (3) … from the second id on."""
    seen: dict[str, int] = {}
    unique = {}
    for group, name in names.items():
        seen[name] = seen.get(name, 0) + 1
        unique[group] = name if seen[name] == 1 else f"{name} ({seen[name]})"
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
