import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import App from "./app/App.svelte";
import { begin } from "./app/begin";

const target = document.querySelector("#app");
begin();
if (target) mount(App, { target });
