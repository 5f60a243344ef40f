/** What the server takes of one page (`live/client_messages.py`); `tests/vectors/limits.json` holds both to the same figures. */

export const MOST_MESSAGE_BYTES = 64 * 1024;
/** Characters of a filter. */
export const LONGEST_FILTER = 2048;
/** Characters of an extra column's id, and of what rows are sorted by. */
export const LONGEST_COLUMN_ID = 600;
/** Columns that one list may have beside those of the API server. */
export const MOST_EXTRAS = 20;
/** Rows of which extra columns are asked for, unless it is all of them. */
export const MOST_LOOKED_AT = 500;
/** Rows that may be in sight of a list that comes in windows. */
export const MOST_IN_SIGHT = 500;
/** Characters of a text that objects are searched for by. */
export const LONGEST_SEARCH = 253;
/** Kinds that one search may name. */
export const MOST_SEARCHED_KINDS = 500;
