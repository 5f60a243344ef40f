import { describe, expect, test } from "vitest";
import { closeStdinFrame, PROTOCOLS, readFrame, resizeFrame, stdinBytesFrame, stdinFrame } from "../../src/dock/terminal/channels";
import { execPath } from "../../src/dock/terminal/exec";
import { exitOf } from "../../src/dock/terminal/exit";

describe("channels", () => {
  test("version 5 is offered before version 4", () => {
    expect(PROTOCOLS).toEqual(["v5.channel.k8s.io", "v4.channel.k8s.io"]);
  });

  test("what is typed goes out as UTF-8 on channel 0", () => {
    expect([...stdinFrame("é\r")]).toEqual([0, 0xc3, 0xa9, 13]);
    expect([...stdinBytesFrame("\u00e9")]).toEqual([0, 0xe9]);
  });

  test("a size goes out on channel 4, the end of input as 255 and the channel", () => {
    const frame = resizeFrame(80, 24);
    expect(frame[0]).toBe(4);
    expect(JSON.parse(new TextDecoder().decode(frame.subarray(1)))).toEqual({ Width: 80, Height: 24 });
    expect([...closeStdinFrame()]).toEqual([255, 0]);
  });

  test("a message is its channel and the rest; an empty one is none", () => {
    expect(readFrame(Uint8Array.of(1, 104, 105).buffer)).toEqual({ channel: 1, bytes: Uint8Array.of(104, 105) });
    expect(readFrame(Uint8Array.of(1).buffer)).toEqual({ channel: 1, bytes: new Uint8Array() });
    expect(readFrame(new ArrayBuffer(0))).toBeNull();
  });
});

test("the shell is asked for in the container, bash where there is one", () => {
  const query = new URLSearchParams(execPath({ cluster: "c", namespace: "n", pod: "p", container: "api" }).split("?")[1]);
  expect(query.getAll("command")).toEqual(["sh", "-c", expect.stringContaining("exec bash || exec sh")]);
  expect([query.get("container"), query.get("tty"), query.get("stdin"), query.get("stderr")]).toEqual(["api", "true", "true", "false"]);
});

describe("how a shell ended", () => {
  const failed = (code: string): string => JSON.stringify({ status: "Failure", reason: "NonZeroExitCode", message: `command terminated with exit code ${code}`, details: { causes: [{ reason: "ExitCode", message: code }] } });

  test.each([
    ['{"status":"Success"}', 0, "The shell ended."],
    [failed("3"), 3, "The shell ended with exit code 3."],
    [failed("137"), 137, "The shell was killed (exit code 137)."],
    ['{"status":"Failure","message":"exec: \\"sh\\": executable file not found in $PATH"}', null, "This container has no shell: it has no sh."],
    ['{"status":"Failure","message":"container not found (\\"api\\")"}', null, 'No shell: container not found ("api")'],
    ["", null, "The shell ended."],
    ["not json", null, "The shell ended: not json"],
  ])("%s", (text, code, words) => {
    expect(exitOf(text)).toEqual({ code, words });
  });
});
