/** Starts the console: the workplace, its link to the node that served this page, and the page. */

import "@fontsource-variable/inter/wght.css";
import "./styles/tokens.css";
import "./styles/app.css";
import "./styles/map.css";
import { followUrl } from "./state/url.ts";
import { Workplace } from "./state/workplace.ts";
import { App } from "./ui/app.ts";

declare global {
  interface Window {
    /** For tests and benchmarks. */
    __asman: Workplace;
  }
}

const workplace = new Workplace();
window.__asman = workplace;
document.documentElement.dataset["palette"] = workplace.settings.palette;

const app = new App();
app.workplace = workplace;
document.body.append(app);
followUrl(workplace);

// `?tour=1`: the tour begins as soon as it is known whose console this is, and what its agreements are.
if (new URLSearchParams(location.search).has("tour")) {
  const end = workplace.on("sharing", () => {
    if (!workplace.sharing.known) return;
    end();
    workplace.tour.begin();
  });
}

const stream = new URL("api/stream", location.href);
stream.protocol = location.protocol === "https:" ? "wss:" : "ws:";
stream.hash = "";
workplace.connect(stream.href);
