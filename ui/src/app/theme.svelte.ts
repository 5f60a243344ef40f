/** Light, dark, high contrast, or whatever the system says. */

export type Theme = "system" | "light" | "dark" | "hc";
export const THEMES: readonly { readonly id: Theme; readonly label: string }[] = [
  { id: "system", label: "As the system" },
  { id: "light", label: "Light" },
  { id: "dark", label: "Dark" },
  { id: "hc", label: "High contrast" },
];

const KEY = "theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const contrast = matchMedia("(prefers-contrast: more)");

class ThemeChoice {
  choice = $state<Theme>(stored());

  constructor() {
    dark.addEventListener("change", () => this.#apply());
    contrast.addEventListener("change", () => this.#apply());
    this.#apply();
  }

  set(choice: Theme): void {
    this.choice = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // Storage may be switched off; the choice then holds for this tab.
    }
    this.#apply();
  }

  #apply(): void {
    const system = contrast.matches ? "hc" : dark.matches ? "dark" : "light";
    document.documentElement.dataset["theme"] = this.choice === "system" ? system : this.choice;
  }
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme.id === value)?.id ?? "system";
  } catch {
    return "system";
  }
}

export const theme = new ThemeChoice();
