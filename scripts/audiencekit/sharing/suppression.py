"""k-anonymity of a table with totals: which cells to leave out so that none of them can be reckoned.

Leaving out small cells is not enough, for one gap in a row is its total less the rest, and rows and columns
together tell more. So cells are left out until every gap could hold numbers that are k or more apart, for all that
the figures told allow (complementary suppression, audited by linear programming). Totals count as cells.
"""

import numpy as np
from scipy.optimize import linprog


def hidden_cells(counts: np.ndarray, k: int, also: np.ndarray | None = None) -> np.ndarray:
    """Which cells of `counts` (rows, columns) and of its totals to leave out, as booleans (rows + 1, columns + 1).

    A cell of 1 to k - 1 people is left out, one that is left out `also` for another reason, and then the smallest
    others of a row or column until no gap can be reckoned to within k. Empty cells are told: nobody is in them.
    """
    table = with_totals(counts)
    hidden = (table > 0) & (table < k)
    if also is not None:
        hidden |= also & (table > 0)
    while True:
        narrow = [cell for cell, (low, high) in possible(table, hidden).items() if high - low < k]
        if not narrow or not _hide_one_more(table, hidden, narrow):
            return hidden


def with_totals(counts: np.ndarray) -> np.ndarray:
    """`counts` with the sums of rows and columns beside and below it."""
    table = np.append(counts, counts.sum(axis=0, keepdims=True), axis=0)
    return np.append(table, table.sum(axis=1, keepdims=True), axis=1)


def possible(table: np.ndarray, hidden: np.ndarray) -> dict[tuple[int, int], tuple[float, float]]:
    """From and to what number each hidden cell can be, for who knows the others and that totals add up."""
    cells = [tuple(map(int, cell)) for cell in np.argwhere(hidden)]
    if not cells:
        return {}
    place = {cell: i for i, cell in enumerate(cells)}
    rows, columns = table.shape
    lines = [[(r, c) for c in range(columns)] for r in range(rows)]
    lines += [[(r, c) for r in range(rows)] for c in range(columns)]
    left, right = [], []
    for line in lines:
        if not any(cell in place for cell in line):
            continue
        # The cells of a line less its total, which is the last, make nothing.
        signs = {cell: -1.0 if cell == line[-1] else 1.0 for cell in line}
        equation = np.zeros(len(cells))
        told = 0.0
        for cell, sign in signs.items():
            if cell in place:
                equation[place[cell]] = sign
            else:
                told += sign * table[cell]
        left.append(equation)
        right.append(-told)
    found = {}
    for cell, i in place.items():
        goal = np.zeros(len(cells))
        ends = []
        for sign in (1, -1):
            goal[i] = sign
            solved = linprog(goal, A_eq=np.array(left), b_eq=right, bounds=(0, None))
            # Without an end: a whole line of totals is left out.
            ends.append(sign * solved.fun if solved.status == 0 else np.inf)
        found[cell] = (ends[0], ends[1])
    return found


def _hide_one_more(table: np.ndarray, hidden: np.ndarray, narrow: list[tuple[int, int]]) -> bool:
    """Leave out the smallest told cell in a row or column of a gap that is too narrow, or else anywhere. False: all
    are left out."""
    rows, columns = ({cell[axis] for cell in narrow} for axis in (0, 1))
    near = np.zeros_like(hidden)
    near[list(rows), :] = True
    near[:, list(columns)] = True
    told = ~hidden & (table > 0)
    if not told.any():
        return False
    candidates = np.argwhere(near & told if (near & told).any() else told)
    best = min(map(tuple, candidates), key=lambda cell: (table[cell], cell))
    hidden[best] = True
    return True
