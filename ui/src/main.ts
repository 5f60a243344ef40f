import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import { begin } from "./app/begin";
import { missing } from "./app/missing";

// The rows are on their way while the rest of the page is still being read.
begin();
const target = document.querySelector("#app");
// Not awaited: what is read then has parts of this chunk, and would wait for the end of it.
if (target) void import("./app/App.svelte").then(({ default: App }) => mount(App, { target }), () => missing(target));
