/** Where each line of a log stands when long lines are wrapped: the heights are counted, not measured. */

/** The number of rows that a text takes, of `columns` characters each; wide characters take two. */
export function rowsOf(text: string, columns: number): number {
  if (columns <= 0) return 1;
  return Math.max(1, Math.ceil(cellsOf(text) / columns));
}

// Everything before the Hangul Jamo is one cell wide.
// eslint-disable-next-line no-control-regex
const NARROW = /^[\u0000-\u10ff]*$/;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;
const TAB = 8;

export function cellsOf(text: string): number {
  const tabs = text.includes("\t") ? (text.split("\t").length - 1) * (TAB - 1) : 0;
  if (NARROW.test(text)) return text.length + tabs;
  return text.length + tabs + (text.match(WIDE)?.length ?? 0);
}

/** The first row of each line, and the number of rows in all at the end. */
export function offsets(texts: readonly { readonly text: string }[], columns: number): Uint32Array {
  const result = new Uint32Array(texts.length + 1);
  for (let index = 0; index < texts.length; index += 1) {
    result[index + 1] = (result[index] ?? 0) + rowsOf(texts[index]?.text ?? "", columns);
  }
  return result;
}

/** The line that covers a row. */
export function lineAt(rows: Uint32Array, row: number): number {
  let low = 0;
  let high = Math.max(0, rows.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
