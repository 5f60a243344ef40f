/** In the place of the page when what draws it could not be fetched: made without it. */
export function missing(target: Element): void {
  const alert = document.createElement("div");
  alert.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = "The page could not be loaded. The server may be away, or be of another version by now.";
  const reload = document.createElement("button");
  reload.type = "button";
  reload.className = "btn";
  reload.textContent = "Reload the page";
  reload.addEventListener("click", () => location.reload());
  alert.append(words, reload);
  alert.style.padding = "24px";
  target.replaceChildren(alert);
}
