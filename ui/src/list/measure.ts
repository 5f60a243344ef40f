/** How wide a text is in the fonts that this reader really has: system fonts differ by a fifth. */

let context: CanvasRenderingContext2D | null | undefined;
const fonts = new Map<"ui" | "mono", string>();
/** Where there is no canvas; wide enough for the widest of the usual fonts. */
const CHARACTER = 8;

export function textWidth(text: string, face: "ui" | "mono"): number {
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * CHARACTER;
  let font = fonts.get(face);
  if (font === undefined) {
    const style = getComputedStyle(document.documentElement);
    const size = style.getPropertyValue(face === "ui" ? "--size-body" : "--size-mono").trim();
    // Medium: what is wrong stands out by its weight too, and is wider for it.
    font = `500 ${size} ${style.getPropertyValue(face === "ui" ? "--font-ui" : "--font-mono").trim()}`;
    fonts.set(face, font);
  }
  context.font = font;
  return context.measureText(text).width;
}
