/** Where rows have gone that somebody looks at, when others came and went around them. */

/** Rows in order, the first of which has the place `from`. */
export interface Placed<T> {
  readonly from: number;
  readonly rows: readonly T[];
}

/**
 * By how many places the rows about a place have moved. Asked are the one that was there and its neighbours, and the
 * middle answer counts: a row that sorts elsewhere by itself is not followed. Null when none of them is here any more.
 */
export function movedAt<T>(before: Placed<T>, after: Placed<T>, at: number): number | null {
  const places = new Map(after.rows.map((row, index) => [row, after.from + index]));
  const moves: number[] = [];
  for (const place of [at - 1, at, at + 1]) {
    const row = before.rows[place - before.from];
    const to = row === undefined ? undefined : places.get(row);
    if (to !== undefined) moves.push(to - place);
  }
  moves.sort((a, b) => a - b);
  if (moves.length === 3) return moves[1] ?? null;
  // Of two, the one that moves the list less.
  return moves.sort((a, b) => Math.abs(a) - Math.abs(b))[0] ?? null;
}
