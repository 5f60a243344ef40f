/**
 * The nonce of this page's Content-Security-Policy, for libraries that make style elements of their own
 * (CodeMirror: `EditorView.cspNonce.of(styleNonce())`). "" when the server gave none.
 */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>("#csp-nonce")?.nonce ?? "";
}
