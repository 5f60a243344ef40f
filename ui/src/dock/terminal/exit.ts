/** How a shell ended, in words: from the Status on channel 3. */

export interface Exit {
  /** Null when the shell did not end by itself. */
  readonly code: number | null;
  readonly words: string;
}

interface Status {
  status?: string;
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

export function exitOf(text: string): Exit {
  const status = parsed(text);
  if (status === null) return { code: null, words: text.trim() === "" ? "The shell ended." : `The shell ended: ${text.trim()}` };
  if (status.status === "Success") return { code: 0, words: "The shell ended." };
  const code = Number(status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message ?? Number.NaN);
  if (status.reason === "NonZeroExitCode" && !Number.isNaN(code)) return { code, words: codeWords(code) };
  const message = status.message ?? status.details?.causes?.[0]?.message ?? "";
  if (/executable file not found|no such file or directory/i.test(message)) return { code: null, words: "This container has no shell: it has no sh." };
  return { code: null, words: message === "" ? "The shell broke off." : `No shell: ${message}` };
}

function parsed(text: string): Status | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

function codeWords(code: number): string {
  switch (code) {
    case 126:
    case 127:
      return `The shell could not be started (exit code ${code}): the container may have none.`;
    case 130:
      return "The shell ended with exit code 130: its last command was interrupted.";
    case 137:
      return "The shell was killed (exit code 137).";
    default:
      return `The shell ended with exit code ${code}.`;
  }
}
