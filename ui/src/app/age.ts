/** Durations and times as kubectl prints them, and times of day. */

/**
 * A duration in seconds as kubectl prints ages: two units while the second one still says something
 * (`apimachinery/pkg/util/duration.HumanDuration`).
 */
export function humanDuration(seconds: number): string {
  const s = Math.floor(seconds);
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 120) return `${s}s`;
  const m = Math.floor(s / 60);
  if (m < 10) return s % 60 === 0 ? `${m}m` : `${m}m${s % 60}s`;
  if (m < 180) return `${m}m`;
  const h = Math.floor(s / 3600);
  if (h < 8) return m % 60 === 0 ? `${h}h` : `${h}h${m % 60}m`;
  if (h < 48) return `${h}h`;
  const d = Math.floor(h / 24);
  if (h < 192) return h % 24 === 0 ? `${d}d` : `${d}d${h % 24}h`;
  if (d < 730) return `${d}d`;
  const y = Math.floor(d / 365);
  if (y < 8) return d % 365 === 0 ? `${y}y` : `${y}y${d % 365}d`;
  return `${y}y`;
}

/** Seconds in words for a sentence: `3 min`, `2 h`. */
export function inWords(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

/** A moment (seconds since the epoch) as a time of day: `14:08:12`. */
export function timeOfDay(at: number): string {
  return new Date(at * 1000).toLocaleTimeString("en-GB");
}

/** A whole number with thousands separated: `2,418`. */
export function grouped(value: number): string {
  return value.toLocaleString("en-GB");
}
