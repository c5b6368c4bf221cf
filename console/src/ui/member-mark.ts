/** A member's mark as on the map: its shape and its letters, in its colour. */

import { html, svg, type TemplateResult } from "lit";
import { letters, marksOf, SHAPES, type Members, type Shape } from "../model/members.ts";

const DRAWN: Record<Shape, TemplateResult> = {
  disc: svg`<circle cx="6" cy="6" r="4.6" fill="currentColor"/>` as TemplateResult,
  square: svg`<rect x="1.8" y="1.8" width="8.4" height="8.4" fill="currentColor"/>` as TemplateResult,
  triangle: svg`<path d="M6 1l5 9H1z" fill="currentColor"/>` as TemplateResult,
  diamond: svg`<path d="M6 .6L11.4 6 6 11.4.6 6z" fill="currentColor"/>` as TemplateResult,
  hexagon: svg`<path d="M3.4 1.4h5.2L11.2 6l-2.6 4.6H3.4L.8 6z" fill="currentColor"/>` as TemplateResult,
  cross: svg`<path d="M4.3 1h3.4v3.3H11v3.4H7.7V11H4.3V7.7H1V4.3h3.3z" fill="currentColor"/>` as TemplateResult,
  ring: svg`<circle cx="6" cy="6" r="3.9" fill="none" stroke="currentColor" stroke-width="2.6"/>` as TemplateResult,
  wedge: svg`<path d="M1 1.6h10L6 11z" fill="currentColor"/>` as TemplateResult,
};

/** `members` is the node's table, which says which mark is whose. */
export function memberMark(members: Members, member: string): TemplateResult {
  const at = members.indexOf(member);
  const mark = at < 0 ? -1 : marksOf(members)[at]!;
  const colour = mark < 0 ? "var(--text-muted)" : `var(--map-member-${mark})`;
  const shape = mark < 0 ? "" : html`<svg width="10" height="10" viewBox="0 0 12 12" aria-hidden="true">${DRAWN[SHAPES[mark]!]}</svg>`;
  return html`<span style="display:inline-flex;align-items:center;gap:4px;color:${colour};font-weight:700;white-space:nowrap">${shape}<span
    style="padding:0 4px;border-radius:2px;line-height:14px;font-size:10px;background:${colour};color:var(--map-member-ink)">${letters(member)}</span></span>`;
}
