/** How wide the window is, in the steps that the layout knows. */

const phone = matchMedia("(max-width: 640px)");
const narrow = matchMedia("(max-width: 900px)");
const medium = matchMedia("(max-width: 1200px)");

class Viewport {
  /** Up to 640: every part is a page, with a bar at the bottom. */
  phone = $state(phone.matches);
  /** Up to 900: the pane takes the list's place. */
  narrow = $state(narrow.matches);
  /** Up to 1200: the navigation is folded. */
  medium = $state(medium.matches);

  constructor() {
    phone.addEventListener("change", (event) => (this.phone = event.matches));
    narrow.addEventListener("change", (event) => (this.narrow = event.matches));
    medium.addEventListener("change", (event) => (this.medium = event.matches));
  }
}

export const viewport = new Viewport();
