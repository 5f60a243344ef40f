/** CodeMirror for YAML to read. A chunk of its own: loaded when somebody opens the tab. */

import { bracketMatching, codeFolding, foldGutter, foldKeymap, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { styleNonce } from "../../app/csp";
import { readingKeys } from "./keys";
import { yaml } from "./language";
import { difference } from "./text";
import { theme } from "./theme";

const highlighting = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--syn-key)" },
  { tag: [tags.string, tags.special(tags.string), tags.content, tags.attributeValue], color: "var(--syn-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.keyword], color: "var(--syn-number)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--syn-comment)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--n10)" },
]);

export class YamlView {
  readonly #view: EditorView;

  constructor(parent: HTMLElement, text: string, label: string) {
    this.#view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          EditorState.readOnly.of(true),
          // Read-only, yet with a caret: for the keyboard to move, select and fold with.
          EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", tabindex: "0", spellcheck: "false" }),
          lineNumbers(),
          foldGutter({ openText: "⌄", closedText: "›" }),
          codeFolding(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          highlightSelectionMatches(),
          search({ top: true }),
          yaml,
          syntaxHighlighting(highlighting),
          theme,
          keymap.of([...searchKeymap, ...foldKeymap, ...readingKeys]),
        ],
      }),
    });
  }

  /** Shows another state of the text and stays where the reader is. */
  update(text: string): void {
    const changes = difference(this.#view.state.doc.toString(), text);
    if (changes !== null) this.#view.dispatch({ changes });
  }

  find(): void {
    openSearchPanel(this.#view);
  }

  destroy(): void {
    this.#view.destroy();
  }
}
