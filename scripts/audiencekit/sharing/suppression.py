"""k-anonymity of a table with totals: which cells to leave out so that nobody can calculate them.

Leaving out small cells is not enough: a single gap in a row is the total less the other cells, and rows and columns
together allow more. So more cells are left out until the published figures allow each gap a range of at least k
(complementary suppression, checked by linear programming). Totals count as cells.
"""

import numpy as np
from scipy.optimize import linprog


def hidden_cells(counts: np.ndarray, k: int, also: np.ndarray | None = None) -> np.ndarray:
    """Which cells of `counts` (rows, columns) and of its totals to leave out, as booleans (rows + 1, columns + 1).

    Cells of 1 to k - 1 people are left out, and those in `also`, which another measure leaves out. Then the smallest
    cells of their rows and columns follow until no gap can be calculated to within k. Empty cells are published.
    """
    table = with_totals(counts)
    hidden = (table > 0) & (table < k)
    if also is not None:
        hidden |= also & (table > 0)
    while True:
        narrow = [
            cell for cell, (low, high) in possible_ranges(table, hidden).items() if high - low < k
        ]
        if not narrow or not _hide_one_more(table, hidden, narrow):
            return hidden


def with_totals(counts: np.ndarray) -> np.ndarray:
    """`counts` with the sums of its rows as last column and the sums of its columns as last row."""
    table = np.append(counts, counts.sum(axis=0, keepdims=True), axis=0)
    return np.append(table, table.sum(axis=1, keepdims=True), axis=1)


def possible_ranges(
    table: np.ndarray, hidden: np.ndarray
) -> dict[tuple[int, int], tuple[float, float]]:
    """The lowest and highest value of each hidden cell that the other cells and the totals allow."""
    cells = [(int(row), int(column)) for row, column in np.argwhere(hidden)]
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
        # The cells of a line, less its total in last place, add up to 0.
        signs = {cell: -1.0 if cell == line[-1] else 1.0 for cell in line}
        equation = np.zeros(len(cells))
        published = 0.0
        for cell, sign in signs.items():
            if cell in place:
                equation[place[cell]] = sign
            else:
                published += sign * table[cell]
        left.append(equation)
        right.append(-published)
    ranges = {}
    for cell, i in place.items():
        objective = np.zeros(len(cells))
        ends = []
        for sign in (1, -1):
            objective[i] = sign
            solved = linprog(objective, A_eq=np.array(left), b_eq=right, bounds=(0, None))
            # There is no highest value when a whole line of totals is left out.
            ends.append(sign * solved.fun if solved.status == 0 else np.inf)
        ranges[cell] = (ends[0], ends[1])
    return ranges


def _hide_one_more(table: np.ndarray, hidden: np.ndarray, narrow: list[tuple[int, int]]) -> bool:
    """Leave out the smallest published cell in a row or column of a gap whose range is too narrow, or else anywhere.

    Returns False if every cell is left out already.
    """
    rows, columns = ({cell[axis] for cell in narrow} for axis in (0, 1))
    near = np.zeros_like(hidden)
    near[list(rows), :] = True
    near[:, list(columns)] = True
    shown = ~hidden & (table > 0)
    if not shown.any():
        return False
    candidates = np.argwhere(near & shown if (near & shown).any() else shown)
    row, column = min(map(tuple, candidates), key=lambda cell: (table[cell], cell))
    hidden[row, column] = True
    return True
