/** Names of one kind, as rows: of the list on the page, or of another that is read for as long as the palette looks at it. */
import { live } from "../../live/client.svelte";
import type { Query } from "../../live/protocol";
import type { Row, Subscription } from "../../live/rows.svelte";

/** Nothing is read while somebody types. In milliseconds. */
const PAUSE = 150;

export class OtherList {
  rows = $state.raw<Subscription | null>(null);

  /** Begin to read, after a pause. Returns how to end it. */
  read(query: Query): () => void {
    let reading: Subscription | null = null;
    const timer = setTimeout(() => (this.rows = reading = live.subscribe(query)), PAUSE);
    return () => {
      clearTimeout(timer);
      reading?.close();
      this.rows = null;
    };
  }
}

/** Rows with `part` in their name, of one namespace unless that is "". */
export function rowsNamed(part: string, namespace: string, list: Subscription): readonly Row[] {
  const sought = part.toLowerCase();
  return [...list.rows.values()].filter((row) => !row.goneAt && (!namespace || row.namespace === namespace) && row.name.toLowerCase().includes(sought));
}
