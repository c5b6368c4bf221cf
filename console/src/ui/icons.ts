/** Line icons, 16 x 16, drawn for this console. */

import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";

const icon = (paths: SVGTemplateResult): TemplateResult => html`
  <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`;

export const icons = {
  play: icon(svg`<path d="M5 3.2v9.6L12.5 8z" fill="currentColor"/>`),
  pause: icon(svg`<path d="M5 3v10M11 3v10" stroke-width="2.4"/>`),
  close: icon(svg`<path d="M4 4l8 8M12 4l-8 8"/>`),
  labels: icon(svg`<path d="M2 5.5h6l4.5 2.5L8 10.5H2z"/>`),
  vector: icon(svg`<path d="M3 13L12.5 3.5M8 3h5v5"/>`),
  trail: icon(svg`<path d="M2.5 13h.01M5 11h.01M7.5 9h.01" stroke-width="2"/><circle cx="11.5" cy="5" r="2.5"/>`),
  ring: icon(svg`<circle cx="8" cy="8" r="6" stroke-dasharray="2.2 2"/><circle cx="8" cy="8" r="1.2" fill="currentColor"/>`),
  sensor: icon(svg`<path d="M8 3l4.5 5L8 13 3.5 8z"/><circle cx="8" cy="8" r=".8" fill="currentColor"/>`),
  grid: icon(svg`<path d="M2 5.5h12M2 10.5h12M5.5 2v12M10.5 2v12"/>`),
  fit: icon(svg`<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"/>`),
  plus: icon(svg`<path d="M8 3v10M3 8h10"/>`),
  minus: icon(svg`<path d="M3 8h10"/>`),
  measure: icon(svg`<path d="M2 11L11 2l3 3-9 9zM5 8l1.2 1.2M7.5 5.5l1.2 1.2M10 3l1.2 1.2"/>`),
  centre: icon(svg`<circle cx="8" cy="8" r="3.2"/><path d="M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3"/>`),
  night: icon(svg`<path d="M13 9.6A5.6 5.6 0 016.4 3 5.6 5.6 0 1013 9.6z"/>`),
  day: icon(svg`<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1"/>`),
  help: icon(svg`<circle cx="8" cy="8" r="6.2"/><path d="M6.2 6.2a1.9 1.9 0 113 1.6c-.8.5-1.2.9-1.2 1.7M8 11.6h.01"/>`),
  copy: icon(svg`<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M3.5 10.5h-1v-8h8v1"/>`),
  eye: icon(svg`<path d="M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="2" fill="currentColor"/>`),
  tour: icon(svg`<circle cx="4" cy="12" r="1.8"/><circle cx="12" cy="4" r="1.8" fill="currentColor"/><path d="M5.6 11c2.6-.6-.2-4.600 4.600-6.200" stroke-dasharray="2 1.800"/>`),
  table: icon(svg`<rect x="2" y="3" width="12" height="10" rx="1"/><path d="M2 6.3h12M2 9.6h12"/>`),
  dock: icon(svg`<rect x="2" y="3" width="12" height="10" rx="1"/><path d="M9.5 3v10"/>`),
  search: icon(svg`<circle cx="7" cy="7" r="4.2"/><path d="M10.2 10.2L13.5 13.5"/>`),
};
