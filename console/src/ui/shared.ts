/** Styles that all components share: controls, focus, headings. */

import { css } from "lit";

export const shared = css`
  :host { display: block; }
  * { box-sizing: border-box; }
  button, input, select {
    font: inherit;
    font-feature-settings: inherit;
    color: inherit;
  }
  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: 26px;
    padding: 0 8px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface-2);
    cursor: pointer;
  }
  button:hover:not(:disabled) { background: var(--surface-hover); }
  button:disabled { opacity: 0.45; cursor: default; }
  button[aria-pressed="true"], button[aria-checked="true"] {
    border-color: var(--accent);
    background: color-mix(in srgb, var(--accent) 16%, var(--surface-2));
    color: var(--accent);
  }
  button.bare { border-color: transparent; background: transparent; }
  :focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
  h2 {
    margin: 0;
    font-size: var(--text-s);
    font-weight: 600;
    letter-spacing: 0.08em;
    text-transform: uppercase;
    color: var(--text-muted);
  }
  .muted { color: var(--text-muted); }
  .number { text-align: right; }
  kbd {
    padding: 1px 5px;
    border: 1px solid var(--line-strong);
    border-bottom-width: 2px;
    border-radius: var(--radius);
    background: var(--surface-3);
    font: 600 var(--text-s) / 1.5 var(--font);
  }
  * { scrollbar-width: thin; scrollbar-color: var(--line-strong) transparent; }
`;
