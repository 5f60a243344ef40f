/** What may float above the page: one thing at a time. */
export type Overlay = "none" | "palette" | "actions" | "help" | "sessions";

class Overlays {
  open = $state<Overlay>("none");

  show(overlay: Overlay): void {
    this.open = overlay;
  }

  close(): void {
    this.open = "none";
  }
}

export const overlays = new Overlays();
