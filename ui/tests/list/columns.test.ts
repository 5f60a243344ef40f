import { describe as about, expect, it } from "vitest";
import type { Column } from "../../src/app/types";
import { describe, titleOf } from "../../src/list/columns";
import { orderOf, parseSort } from "../../src/list/order";
import { sortName } from "../../src/list/view.svelte";

const printed = (name: string, format = ""): Column => ({ name, type: "string", format, priority: 0, description: "", instant: false });

about("the columns of a list", () => {
  it("have the namespace after the name, where rows are of several", () => {
    const columns = [printed("Name", "name"), printed("Age")];
    expect(describe(columns, -1, true).map(({ name }) => name)).toEqual(["Name", "Namespace", "Age"]);
    expect(describe(columns, -1, false).map(({ name }) => name)).toEqual(["Name", "Age"]);
  });
  it("may have another one called Namespace, that rows are sorted by too", () => {
    const shown = describe([printed("Name", "name"), printed("Namespace")], -1, true);
    expect(shown.map((column) => [titleOf(column), column.role])).toEqual([["Name", "name"], ["Namespace", "namespace"], ["Namespace", "other"]]);
    const orders = shown.slice(1).map(({ name }) => {
      const order = orderOf(parseSort(name), shown, null);
      return [order.by, sortName(order, name)];
    });
    expect(orders).toEqual([["namespace", "@namespace"], [1, "Namespace"]]);
  });
});
