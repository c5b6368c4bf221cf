/** Styles that the panels of the side dock share. */

import { css } from "lit";

export const panelStyles = css`
  section { padding: 9px 12px 10px; border-bottom: 1px solid var(--line); }
  section h2 { margin-bottom: 6px; }
  dl { display: grid; grid-template-columns: 118px 1fr; gap: 3px 8px; margin: 0; }
  dt { color: var(--text-muted); }
  dd { display: flex; align-items: center; justify-content: space-between; min-width: 0; margin: 0; min-height: 18px; }
  dd > span { min-width: 0; }
  .copy { min-height: 18px; height: 18px; width: 22px; padding: 0; color: var(--text-faint); }
  .copy:hover { color: var(--text); }
  .empty { margin: 0; padding: 2px 0; color: var(--text-muted); }
  .tags { display: flex; flex-wrap: wrap; gap: 4px; }
  .tag { padding: 0 6px; border: 1px solid var(--line-strong); border-radius: var(--radius); font-size: var(--text-s); font-weight: 600; line-height: 17px; }
  .tag.caution { border-color: var(--caution); background: color-mix(in srgb, var(--caution) 22%, transparent); }
  .tag.warning { border-color: var(--warning); background: color-mix(in srgb, var(--warning) 24%, transparent); }
  .tag.exercise { border-color: var(--exercise); background: var(--exercise); color: var(--exercise-ink); }
  meter { width: 62px; height: 9px; vertical-align: -1px; }
  table { width: 100%; border-collapse: collapse; }
  th { padding: 0 6px 3px 0; text-align: left; font-size: var(--text-s); font-weight: 550; color: var(--text-faint); white-space: nowrap; }
  td { padding: 2px 6px 2px 0; border-top: 1px solid var(--line); white-space: nowrap; }
  th.number, td.number { text-align: right; }
  th:last-child, td:last-child { padding-right: 0; }
  .recording { max-width: 120px; overflow: hidden; text-overflow: ellipsis; direction: rtl; text-align: left; }
  .sparkline { margin: 0; color: var(--accent); }
  .sparkline figcaption { display: flex; gap: 5px; align-items: baseline; margin-bottom: 3px; font-size: var(--text-s); color: var(--text-muted); }
  .sparkline b { color: var(--text); }
  .sparkline figcaption span { flex: 1; text-align: right; color: var(--text-faint); font-size: 10px; }
  .sparkline svg { display: block; width: 100%; height: 34px; background: var(--surface-0); border-bottom: 1px solid var(--line-strong); }
`;
