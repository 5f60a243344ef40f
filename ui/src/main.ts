import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import { begin } from "./app/begin";

// The rows are on their way while the rest of the page is still being read.
begin();
const target = document.querySelector("#app");
if (target) {
  const { default: App } = await import("./app/App.svelte");
  mount(App, { target });
}
