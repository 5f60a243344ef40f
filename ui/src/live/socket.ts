/** Messages over a WebSocket. */
import { socketURL } from "../api/client";
import { BROKEN, type Channel, type Listener } from "./channel";

/** A proxy that does not know upgrades may say nothing at all instead of refusing one. */
const OPEN_WITHIN = 2500;

export function openSocket(path: string, listener: Listener): Channel {
  const socket = new WebSocket(socketURL(path));
  socket.binaryType = "arraybuffer";
  let over = false;
  const end = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    clearTimeout(patience);
    listener.closed(code, reason);
  };
  const patience = setTimeout(() => {
    end(BROKEN, "");
    socket.close();
  }, OPEN_WITHIN);
  socket.onopen = () => {
    clearTimeout(patience);
    if (!over) listener.opened();
  };
  socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
    if (!over) listener.frame(event.data);
  };
  socket.onclose = (event) => end(event.code, event.reason);
  return {
    send(messages) {
      // One that the server is closing tells so in a moment; what is subscribed then is subscribed again, or forgotten.
      if (socket.readyState === WebSocket.OPEN) for (const message of messages) socket.send(JSON.stringify(message));
    },
    close() {
      over = true;
      clearTimeout(patience);
      socket.close(1000);
    },
  };
}
