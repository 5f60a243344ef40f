/** How serious a log line says it is. */

export type Level = "error" | "warn" | "info" | "debug" | "";

const WORDS: Readonly<Record<string, Level>> = {
  fatal: "error", panic: "error", critical: "error", crit: "error", alert: "error", emerg: "error", emergency: "error", error: "error", err: "error", severe: "error",
  warning: "warn", warn: "warn",
  info: "info", notice: "info", information: "info",
  debug: "debug", trace: "debug", verbose: "debug",
};

/** Only the beginning of a line is looked at: what a message quotes says nothing about it. */
const REACH = 160;
const FIELD = /(?:^|[\s{,"])(?:level|lvl|severity|loglevel|levelname)"?\s*[=:]\s*"?([a-z]+)/i;
const KLOG = /^([IWEF])\d{4} \d{2}:\d{2}:\d{2}/;
const BRACKETED = /[[(<|]\s*(fatal|panic|critical|crit|alert|emerg|error|err|severe|warning|warn|info|notice|debug|trace)\s*[\])>|]/i;
// In capitals, or first in the line, or after a time: as loggers write it, and prose does not.
const CAPITALS = /(?:^|[\s:])(FATAL|PANIC|CRITICAL|CRIT|ERROR|ERR|SEVERE|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE)(?=[\s:,.\]-]|$)/;
const LEADING = /^\W*(?:[\d:.,/TZ+-]+\s+){0,3}(fatal|panic|critical|error|severe|warning|warn|info|notice|debug|trace)\b(?::|\s|$)/i;
const KLOG_LEVELS: Readonly<Record<string, Level>> = { I: "info", W: "warn", E: "error", F: "error" };

export function levelOf(text: string): Level {
  const head = text.slice(0, REACH);
  const klog = KLOG.exec(head)?.[1];
  if (klog !== undefined) return KLOG_LEVELS[klog] ?? "";
  for (const pattern of [FIELD, BRACKETED, CAPITALS, LEADING]) {
    const level = WORDS[pattern.exec(head)?.[1]?.toLowerCase() ?? ""];
    if (level !== undefined) return level;
  }
  return /^(?:Traceback \(most recent call last\)|Exception in thread|goroutine \d+ \[|panic:)/.test(head) ? "error" : "";
}
