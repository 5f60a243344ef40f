/** Completes what a kind file leaves out with what holds for any kind. */

import { genericPath, genericSections, genericStatus, genericVerdict } from "./generic";
import type { Kind, KindDraft } from "./kind";
import type { KubeObject } from "./object";

export function define<T extends KubeObject>(draft: KindDraft<T>): Kind {
  const kind: Kind<T> = { status: genericStatus, verdict: genericVerdict, path: genericPath, sections: genericSections, actions: [], ...draft };
  // A kind's methods are called with objects of its own resource alone: the registry sees to that.
  return kind as Kind;
}
