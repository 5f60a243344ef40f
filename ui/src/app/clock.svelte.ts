/** One clock for all ages on the page, so that they tick together. */
class Clock {
  /** Seconds since the epoch as the server counts them. */
  now = $state(Date.now() / 1000);
  /** Server's clock minus the browser's, in seconds. */
  #offset = 0;

  constructor() {
    setInterval(() => {
      if (!document.hidden) this.tick();
    }, 1000);
    document.addEventListener("visibilitychange", () => this.tick());
  }

  tick(): void {
    this.now = Date.now() / 1000 + this.#offset;
  }

  /** Take the server's clock as the right one: ages would be wrong by what the browser's clock is off. */
  setServerTime(now: number): void {
    this.#offset = now - Date.now() / 1000;
    this.tick();
  }
}

export const clock = new Clock();
