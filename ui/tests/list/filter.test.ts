import { describe, expect, it } from "vitest";
import { closed, conditionOn, inWordsOf, narrows, parseFilter, shortened, toggled, withIds, without } from "../../src/list/filter";

describe("the filter", () => {
  it("keeps selectors for the cluster", () => {
    const filter = parseFilter("label:tier=backend label=app=web -label:old -label:stage=test field:spec.nodeName=w-01");
    expect(filter.labelSelector).toBe("tier=backend,app=web,!old,stage!=test");
    expect(filter.fieldSelector).toBe("spec.nodeName=w-01");
  });
  it("asks for the opposite of a selector where there is one", () => {
    const selectorOf = (text: string): string => Object.values(parseFilter(text)).slice(1).join("");
    expect(selectorOf("-label:!app")).toBe("app");
    expect(selectorOf("-label:app==web")).toBe("app!=web");
    expect(selectorOf("-label:app!=web")).toBe("app=web");
    expect(selectorOf('-label:"app in (web, shop)"')).toBe("app notin (web, shop)");
    expect(selectorOf('-label:"app notin (web)"')).toBe("app in (web)");
    expect(selectorOf("-field:spec.nodeName=w-01")).toBe("spec.nodeName!=w-01");
    for (const none of ["-label:app,tier", "-label:app>3", "-field:spec.nodeName", "label:app:web"]) expect(selectorOf(none)).toBe("");
  });
  it("calls columns by their ids that are named by what stands above them", () => {
    const ids = new Map([["cpu-requested", "requests:cpu"], ["app", "label:app"]]);
    expect(withIds('-CPU-requested>1 x app:"a b" app=web "app:x" node:w cpu-requested', ids)).toBe('-requests:cpu>1 x label:app:"a b" label:app=web "app:x" node:w cpu-requested');
    expect(withIds("cpu-requested>", ids)).toBe("requests:cpu>");
  });
  it("asks for no selector that is still being typed", () => {
    expect(parseFilter("label:").labelSelector).toBe("");
  });
  it("keeps quoted words together", () => {
    expect(parseFilter('status:"Not Ready" x').conditions.map(({ value }) => value)).toEqual(["Not Ready", "x"]);
    expect(conditionOn("status", "Not Ready")).toBe('status:"Not Ready"');
  });
  it("takes a condition away and puts it back", () => {
    const [first] = parseFilter("status:Running api").conditions;
    expect(first && without("status:Running api", first)).toBe("api");
    expect(toggled("api", "status:Error")).toBe("api status:Error");
    expect(toggled("api status:error", "status:Error")).toBe("api");
  });
  it.each([
    ["-storefront-0 storefront", 1, "-storefront-0"],
    ["shop shop", 0, "shop"],
    ["a shop b shop", 3, "a shop b"],
    ['-"a  b" x', 1, '-"a  b"'],
    ['x  -"a  b" y', 0, '-"a  b" y'],
    ['x "a  b', 1, "x"],
  ])("loses that condition alone: of %s the one at %i", (text, at, left) => {
    const condition = parseFilter(text).conditions[at];
    expect(condition && without(text, condition)).toBe(left);
  });
  it.each([
    ['"out of', '"out of"'],
    ['-status:"Not', '-status:"Not"'],
    ['"', '""'],
    ['a "b"', 'a "b"'],
    ['it"s', 'it"s'],
    ["", ""],
  ])("is closed where a quote is open: %s", (text, whole) => {
    expect(closed(text)).toBe(whole);
  });
  it("takes one condition more behind an open quote", () => {
    expect(toggled('"a', "status:Running")).toBe('"a" status:Running');
    expect(parseFilter(toggled('x "', "status:Running")).conditions.map(({ source }) => source)).toEqual(["x", "status:Running"]);
  });
  it.each([
    ["a bc", 4, "a bc"],
    ["a bc", 3, "a"],
    ['a "b c" d', 7, 'a "b c"'],
    ['a "b c" d', 6, "a"],
    ["a 😀😀", 4, "a"],
    ["abc d", 2, ""],
  ])("is shortened between conditions: %s to %i characters", (text, most, left) => {
    expect(shortened(text, most)).toBe(left);
  });
  it("says a condition in words", () => {
    const words = parseFilter("-age>=1h node=w-01 ns:a -x").conditions.map((condition) => Object.values(inWordsOf(condition)).join(" "));
    expect(words).toEqual(["age is not at least 1h", "node is exactly w-01", "namespace is a", "without x"]);
  });
  it.each([
    ["", "a", true],
    ["a", "ab", true],
    ["a", "a b", true],
    ["ns:a", "ns:a x", true],
    ["ab", "a", false],
    ["-a", "-ab", false],
    ["ns:a", "ns:ab", false],
    ["status=run", "status=running", false],
    ["a b", "a", false],
  ])("knows whether longer text lets fewer rows through: %s, then %s", (before, after, fewer) => {
    expect(narrows(parseFilter(before).conditions, parseFilter(after).conditions)).toBe(fewer);
  });
});
