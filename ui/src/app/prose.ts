/** Text in which what one types stands between backticks, as pieces. */

export interface Piece {
  readonly words: string;
  readonly code: boolean;
}

export function pieces(text: string): Piece[] {
  const parts = text.split("`");
  // A backtick without its other half is a letter like any other.
  if (parts.length % 2 === 0) parts.splice(-2, 2, parts.slice(-2).join("`"));
  return parts.map((words, index) => ({ words, code: index % 2 === 1 })).filter(({ words }) => words !== "");
}
