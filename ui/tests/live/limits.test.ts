// The same figures that the server is held to.
import { describe, expect, it } from "vitest";
import figures from "../../../tests/vectors/limits.json";
import { MOST_CONDITIONS } from "../../src/list/filter";
import { LONGEST_COLUMN_ID, LONGEST_FILTER, LONGEST_SEARCH, MOST_EXTRAS, MOST_IN_SIGHT, MOST_LOOKED_AT, MOST_MESSAGE_BYTES, MOST_SEARCHED_KINDS } from "../../src/live/limits";
import { firstSight } from "../../src/live/window";

describe("what the page sends", () => {
  it("is as much as the server takes", () => {
    expect({
      message_bytes: MOST_MESSAGE_BYTES,
      filter_characters: LONGEST_FILTER,
      filter_conditions: MOST_CONDITIONS,
      column_id_characters: LONGEST_COLUMN_ID,
      extra_columns: MOST_EXTRAS,
      rows_looked_at: MOST_LOOKED_AT,
      rows_in_sight: MOST_IN_SIGHT,
      search_characters: LONGEST_SEARCH,
      search_kinds: MOST_SEARCHED_KINDS,
    }).toEqual(figures);
  });
  it("is the usual order where an address names one that the server would refuse", () => {
    const longest = "x".repeat(LONGEST_COLUMN_ID);
    expect(firstSight("", `-${longest}`).sort).toBe(longest);
    expect(firstSight("", `-${longest}x`).sort).toBe("@urgent");
  });
});
