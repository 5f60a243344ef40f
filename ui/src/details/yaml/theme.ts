/** How CodeMirror looks here: the page's tokens, so that it follows light, dark and high contrast by itself. */

import { EditorView } from "@codemirror/view";

export const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--n12)", backgroundColor: "var(--n1)", fontSize: "var(--size-mono)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "18px", overscrollBehavior: "contain" },
  ".cm-content": { padding: "6px 0 24px", caretColor: "var(--n12)" },
  ".cm-line": { padding: "0 12px 0 4px" },
  ".cm-gutters": { backgroundColor: "var(--n1)", color: "var(--n10)", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "36px", padding: "0 6px 0 12px" },
  ".cm-foldGutter .cm-gutterElement": { width: "14px", color: "var(--n9)", cursor: "default", textAlign: "center" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--n3) 70%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--n12)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--accent-edge)", opacity: "0.55" },
  ".cm-selectionMatch": { backgroundColor: "var(--n4)" },
  ".cm-searchMatch": { backgroundColor: "var(--hit)", borderRadius: "2px" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--hit)", outline: "2px solid var(--accent)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--n4)" },
  ".cm-foldPlaceholder": { padding: "0 6px", border: "1px solid var(--n6)", borderRadius: "var(--radius-s)", backgroundColor: "var(--n3)", color: "var(--n10)" },
  ".cm-panels": { backgroundColor: "var(--n2)", color: "var(--n11)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--n5)" },
  ".cm-panel.cm-search": { display: "flex", flexWrap: "wrap", alignItems: "center", gap: "6px", padding: "6px 36px 6px 12px", fontFamily: "var(--font-ui)", fontSize: "var(--size-small)" },
  ".cm-panel.cm-search br": { display: "none" },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "4px", margin: "0", fontSize: "var(--size-small)" },
  ".cm-panel.cm-search input[type=checkbox]": { accentColor: "var(--accent)", margin: "0" },
  // Nothing is replaced in a text that can't be changed.
  ".cm-panel.cm-search input[name=replace], .cm-panel.cm-search button[name=replace], .cm-panel.cm-search button[name=replaceAll], .cm-panel.cm-search button[name=select]": { display: "none" },
  ".cm-textfield": { flex: "1 1 120px", height: "var(--control-small)", margin: "0", padding: "0 8px", border: "1px solid var(--n8)", borderRadius: "var(--radius)", backgroundColor: "var(--n1)", color: "var(--n12)", fontSize: "var(--size-small)" },
  ".cm-textfield:focus-visible": { outline: "none", boxShadow: "var(--focus-ring)" },
  ".cm-button": { height: "var(--control-small)", margin: "0", padding: "0 8px", border: "1px solid var(--n6)", borderRadius: "var(--radius)", backgroundColor: "var(--n1)", backgroundImage: "none", color: "var(--n12)", fontSize: "var(--size-small)" },
  ".cm-button:active": { backgroundImage: "none", backgroundColor: "var(--n4)" },
  ".cm-panel.cm-search button[name=close]": { top: "6px", right: "8px", width: "24px", height: "24px", color: "var(--n11)", fontSize: "16px", cursor: "default" },
  ".cm-panel.cm-search button:focus-visible": { outline: "none", boxShadow: "var(--focus-ring)" },
});
