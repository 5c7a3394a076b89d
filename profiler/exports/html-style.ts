/** The report's style sheet: no font, picture or file of anywhere else; light or dark as the reader's system is; fit for print. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#ffffff, #1b1f24);
  --text: light-dark(#1f2328, #e6e8eb);
  --muted: light-dark(#59636e, #a3acb6);
  --line: light-dark(#d1d9e0, #3d444d);
  --raised: light-dark(#f6f8fa, #242a31);
  --link: light-dark(#0a5fc2, #6cb0ff);
  --over: light-dark(#b3261e, #ff8a80);
  --warning: light-dark(#8a5a00, #e8b54a);
  /* What the page's charts have in VS Code's modern themes. */
  --blue: light-dark(#0063d3, #59a4f9);
  --green: light-dark(#388a34, #89d185);
  --purple: light-dark(#652d90, #b180d7);
  --yellow: light-dark(#bf8803, #cca700);
  --red: light-dark(#e51400, #f14c4c);
}
* { box-sizing: border-box; }
body {
  max-width: 1440px;
  margin: 0 auto;
  padding: 24px 20px 48px;
  background: var(--back);
  color: var(--text);
  font: 14px/1.5 system-ui, sans-serif;
}
h1 { margin: 0 0 2px; font-size: 24px; overflow-wrap: anywhere; }
h2 { margin: 32px 0 8px; font-size: 17px; }
p, figcaption, li, dd { overflow-wrap: anywhere; }
p { margin: 4px 0; }
a { color: var(--link); }
.muted, figcaption, caption { color: var(--muted); }
.totals { display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); gap: 10px; margin: 16px 0; padding: 0; }
.totals div { padding: 8px 12px; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); }
.totals dt { color: var(--muted); font-size: 12px; }
.totals dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 20px; }
figure { margin: 0; min-width: 0; }
figure h3 { margin: 0; font-size: 14px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--muted); font: 11px system-ui, sans-serif; }
.axis { stroke: var(--line); }
.bar { fill: var(--blue); }
.area { fill: color-mix(in srgb, var(--green) 30%, transparent); stroke: var(--green); }
.roof { fill: none; stroke: var(--green); stroke-width: 1.5; }
.compute-bound { fill: var(--blue); }
.memory-bound { fill: var(--yellow); }
.overhead-bound { fill: var(--purple); }
.peak { fill: none; stroke: var(--red); stroke-width: 1.5; stroke-dasharray: 4 3; }
.budgets .reason { color: var(--muted); white-space: normal; }
.verdict.over { color: var(--over); font-weight: 600; }
.scroll { overflow: auto; border: 1px solid var(--line); border-radius: 6px; }
.rows { max-height: 80vh; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding: 6px 10px; text-align: start; }
th, td { padding: 3px 10px; text-align: start; white-space: nowrap; }
thead th { position: sticky; top: 0; border-bottom: 1px solid var(--line); background: var(--raised); }
tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, var(--line) 45%, transparent); }
tbody th { min-width: 180px; max-width: 420px; font-weight: 400; white-space: normal; overflow-wrap: anywhere; }
tfoot > tr > * { border-top: 1px solid var(--line); font-weight: 600; }
.number { text-align: end; }
.unknown { color: var(--muted); font-style: italic; }
.uncounted { color: var(--muted); }
.share { width: 30%; min-width: 120px; }
.share span { display: block; height: 10px; border-radius: 2px; background: var(--purple); }
.warnings { padding-inline-start: 20px; }
.warnings li::marker { color: var(--warning); }
.definitions dt { margin-top: 8px; font-weight: 600; }
.definitions dd { margin: 0; color: var(--muted); }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10px; print-color-adjust: exact; }
  .rows { max-height: none; }
  .scroll { border: 0; overflow: visible; }
  th, td { padding: 2px 5px; }
  thead th { position: static; }
  h2 { break-after: avoid; }
  figure, tr, .totals div { break-inside: avoid; }
  .totals { grid-template-columns: repeat(8, 1fr); gap: 6px; }
  .totals dd { font-size: 15px; }
  /* Once, at the end: under each page it would read as that page's. */
  tfoot { display: table-row-group; }
}
`;
