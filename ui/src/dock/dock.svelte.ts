/** What is open in the dock: logs and terminals. */

export interface LogsOf {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  /** The pod's default container when it is left out. */
  readonly container?: string;
  /** The run before the current one. */
  readonly previous?: boolean;
}

export interface TerminalOf {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
}

export interface LogsTab {
  readonly id: number;
  readonly type: "logs";
  readonly of: LogsOf;
}

export interface TerminalTab {
  readonly id: number;
  readonly type: "terminal";
  readonly of: TerminalOf;
}

export type DockTab = LogsTab | TerminalTab;
export type DockHalf = DockTab["type"];

class Dock {
  tabs = $state.raw<readonly DockTab[]>([]);
  /** The tab on top of each half. */
  active = $state<{ logs: number; terminal: number }>({ logs: 0, terminal: 0 });
  /** Only the bar is shown. */
  folded = $state(false);
  /** The dock takes the list's place. */
  maximised = $state(false);
  #last = 0;

  /** How many tabs are open. */
  get count(): number {
    return this.tabs.length;
  }

  get logs(): readonly LogsTab[] {
    return this.tabs.filter((tab) => tab.type === "logs");
  }

  get terminals(): readonly TerminalTab[] {
    return this.tabs.filter((tab) => tab.type === "terminal");
  }

  /** Opens a pod's log, or brings it to the front when it is open already. */
  openLogs(of: LogsOf): void {
    const open = this.logs.find((tab) => sameLogs(tab.of, of));
    if (open !== undefined) this.activate(open);
    else this.#add({ id: this.#next(), type: "logs", of });
  }

  /** Opens another terminal: two shells in one container are nothing unusual. */
  openTerminal(of: TerminalOf): void {
    this.#add({ id: this.#next(), type: "terminal", of });
  }

  activate(tab: DockTab): void {
    this.active[tab.type] = tab.id;
    this.folded = false;
  }

  close(tab: DockTab): void {
    const siblings = this.tabs.filter(({ type }) => type === tab.type);
    const place = siblings.findIndex(({ id }) => id === tab.id);
    const neighbour = siblings[place + 1] ?? siblings[place - 1];
    if (this.active[tab.type] === tab.id) this.active[tab.type] = neighbour?.id ?? 0;
    this.tabs = this.tabs.filter(({ id }) => id !== tab.id);
    if (this.tabs.length === 0) this.maximised = false;
  }

  /** Ends all streams and shells and forgets their text. */
  closeAll(): void {
    this.tabs = [];
    this.active = { logs: 0, terminal: 0 };
    this.maximised = false;
    this.folded = false;
  }

  #add(tab: DockTab): void {
    this.tabs = [...this.tabs, tab];
    this.activate(tab);
  }

  #next(): number {
    this.#last += 1;
    return this.#last;
  }
}

function sameLogs(a: LogsOf, b: LogsOf): boolean {
  return a.cluster === b.cluster && a.namespace === b.namespace && a.pod === b.pod && a.container === b.container && (a.previous ?? false) === (b.previous ?? false);
}

export const dock = new Dock();
