import packageJson from "../../package.json" with { type: "json" };
import { columnOf, formatCell, formatCellExact, formatTotal, TOTALS, type Column, type Total } from "../columns.ts";
import type { RunResult } from "../device/run-result.ts";
import { formatShare } from "../format-numbers.ts";
import { FORMAT_TYPES } from "../formats/format-types.ts";
import type { LayerProfile, Profile } from "../profile.ts";
import { moduleTree, sumOf, type Sums } from "../views/module-tree.ts";
import type { BudgetTexts } from "../views/budgets.ts";
import { budgetTable } from "./html-budgets.ts";
import { costChart, memoryChart, rooflineChart } from "./html-charts.ts";
import { Markup, markup } from "./html-markup.ts";
import { REPORT_STYLE } from "./html-style.ts";
import { describeRun, describeRuntime, describeUnmapped, runFigures, withRunColumns } from "./run-summary.ts";
import {
  cellText,
  describeDimension,
  describePeak,
  describeUnknown,
  isBookkeeping,
  READABLE_COLUMNS,
  totalTexts,
} from "./summary.ts";

export interface HtmlOptions {
  readonly columns?: readonly Column[];
  /** Shape arithmetic and folded constants too. */
  readonly showAll?: boolean | undefined;
  /** The run that the layers' measured times are of. */
  readonly run?: RunResult | undefined;
  /** What the model is held against; without them the report says nothing of budgets. */
  readonly budgets?: BudgetTexts | undefined;
  /** When the report is written, which it says. */
  readonly writtenAt?: Date | undefined;
}

/**
 * One file that needs nothing else: no script, no font, no network, which its own policy forbids it. Whatever comes from the model's file
 * stands in it as text.
 */
export function profileHtml(profile: Profile, options: HtmlOptions = {}): string {
  const { run, budgets, writtenAt } = options;
  const costs = [...CHARTED, ...withRunColumns([], run).filter(({ id }) => id === "measured")];
  const charts = [
    ...costs.map((column) => costChart(column, profile)),
    memoryChart(profile),
    rooflineChart(profile),
  ].filter((chart) => chart !== undefined);
  const document = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${profile.file} – Edgewise</title>
        <style>${STYLE}</style>
      </head>
      <body>
        <header>${heading(profile, writtenAt)}</header>
        <main>
          ${totals(profile)} ${budgets === undefined ? undefined : budgetTable(profile, budgets)}
          ${run === undefined ? undefined : measured(run)}
          ${
            charts.length > 0
              ? markup`<h2>Where the costs are</h2>
                  <div class="charts">${charts}</div>`
              : undefined
          }
          ${shares("Cost by kind of layer", "Kind", byKind(profile.layers))}
          ${shares("Cost by module", "Module", byModule(profile.layers))} ${layerTable(profile, options)}
          ${warnings(profile)} ${definitions(profile)}
        </main>
      </body>
    </html>
`;
  return document.text;
}

const CHARTED = ["macs", "latency"].flatMap((id) => columnOf(id) ?? []);

/** Our own text: a style sheet is not to be escaped. */
const STYLE = new Markup(REPORT_STYLE);

function heading({ file, format, hardwareProfile, dimensions }: Profile, writtenAt: Date | undefined): Markup {
  return markup`<h1>${file}</h1>
    <p class="muted">
      ${FORMAT_TYPES[format].shortTitle} model. Energy and latency are estimates for ${hardwareProfile.name}:
      ${hardwareProfile.description}.
    </p>
    <p class="muted">
      Written${writtenAt === undefined ? "" : ` on ${dateText(writtenAt)}`} by Edgewise ${packageJson.version}.
    </p>
    ${dimensions.map((dimension) => markup`<p class="muted">Dimension ${describeDimension(dimension)}</p>`)}`;
}

/** "2026-11-29 03:21 UTC": the same wherever it is read. */
function dateText(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function totals(profile: Profile): Markup {
  const peak = describePeak(profile, Infinity);
  const unknown = describeUnknown(profile);
  const item = (total: Total): Markup =>
    markup`<div title="${formatCellExact(total.unit, profile.totals[total.id])}">
      <dt>${total.title}</dt>
      <dd>${formatTotal(total, profile)}</dd>
    </div>`;
  return markup`<dl class="totals">${TOTALS.filter(({ id }) => id !== "unknownRows").map(item)}</dl>
    ${peak === undefined ? undefined : markup`<p>Memory is fullest ${peak}.</p>`}
    ${unknown === undefined ? undefined : markup`<p>${unknown}</p>`}`;
}

function measured(run: RunResult): Markup {
  const item = ([title, text]: readonly [string, string]): Markup =>
    markup`<dt>${title}</dt>
      <dd>${text}</dd>`;
  const facts = [
    ["Runtime", describeRuntime(run)] as const,
    ...runFigures(run),
    ...describeUnmapped(run).map((text) => ["Unattributed time", text] as const),
    ...run.throttling.map((text) => ["Slowed down", text] as const),
    ...run.notes.map((text) => ["Note", text] as const),
  ];
  return markup`<h2>Measured on ${describeRun(run)}</h2>
    <dl class="definitions">${facts.map(item)}</dl>`;
}

type Group = readonly [name: string, sums: Sums];

function byKind(layers: readonly LayerProfile[]): readonly Group[] {
  const computing = layers.filter((layer) => !isBookkeeping(layer));
  const kinds = [...new Set(computing.map(({ kind }) => kind))];
  return kinds.map((kind) => [kind, sumOf(computing.filter((layer) => layer.kind === kind))]);
}

function byModule(layers: readonly LayerProfile[]): readonly Group[] {
  return moduleTree(layers).flatMap((node): readonly Group[] =>
    node.kind === "module" ? [[node.name, node.sums]] : [],
  );
}

/** More rows than these explain nothing that the table of layers does not. */
const MOST_GROUPS = 20;

function shares(title: string, heading: string, groups: readonly Group[]): Markup | undefined {
  if (groups.length < 2) return undefined;
  const sorted = groups.toSorted(([, a], [, b]) => b.latencySeconds - a.latencySeconds);
  const whole = groups.reduce((sum, [, { latencySeconds }]) => sum + latencySeconds, 0);
  const row = ([name, { layers, parameters, macs, latencySeconds }]: Group): Markup => {
    const share = whole > 0 ? latencySeconds / whole : 0;
    return markup`<tr>
      <th scope="row">${name}</th>
      <td class="number">${layers}</td>
      <td class="number">${formatCell("elements", parameters)}</td>
      <td class="number">${formatCell("MACs", macs)}</td>
      <td class="number">${formatCell("s", latencySeconds)}</td>
      <td class="number">${formatShare(share)}</td>
      <td class="share"><span style="width:${(100 * share).toFixed(1)}%"></span></td>
    </tr>`;
  };
  const hidden = sorted.length - MOST_GROUPS;
  return markup`<h2>${title}</h2>
    <div class="scroll">
      <table>
        <caption>Sorted by estimated latency${hidden > 0 ? `; ${hidden} more are left out` : ""}.</caption>
        <thead>
          <tr>
            <th scope="col">${heading}</th>
            ${["Layers", "Parameters", "MACs", "Latency estimate", "Latency share"].map((column) => markup`<th scope="col" class="number">${column}</th>`)}
            <th aria-hidden="true"></th>
          </tr>
        </thead>
        <tbody>
          ${sorted.slice(0, MOST_GROUPS).map(row)}
        </tbody>
      </table>
    </div>`;
}

function layerTable(
  profile: Profile,
  { columns: chosen = READABLE_COLUMNS, showAll = false, run }: HtmlOptions,
): Markup {
  const columns = withRunColumns(chosen, run);
  const shown = showAll ? profile.layers : profile.layers.filter((layer) => !isBookkeeping(layer));
  const hidden = profile.layers.length - shown.length;
  const caption = `${shown.length} layers in the order of the file${hidden > 0 ? `; ${hidden} of shape arithmetic, constants and fused operators are left out` : ""}.`;
  return markup`<h2 id="layers">Layers</h2>
    <div class="scroll rows" tabindex="0" role="region" aria-labelledby="layers">
      <table>
        <caption>${caption}</caption>
        <thead>
          <tr>
            ${columns.map(({ title, align }) => markup`<th scope="col"${align === "right" ? NUMBER : undefined}>${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (layer) => markup`
          <tr${layer.isCounted ? undefined : UNCOUNTED}>${columns.map((column) => cell(column, layer, profile))}</tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            ${totalTexts(columns, profile, run).map((text, index) => markup`<td${columns[index]?.align === "right" ? NUMBER : undefined}>${text}</td>`)}
          </tr>
        </tfoot>
      </table>
    </div>`;
}

const NUMBER = markup` class="number"`;
const UNCOUNTED = markup` class="uncounted"`;

function cell(column: Column, layer: LayerProfile, profile: Profile): Markup {
  const value = column.value(layer, profile.totals);
  const text = cellText(column, layer, profile);
  const isUnknown = value === null && text !== "";
  if (column.id === "name") return markup`<th scope="row" title="${text}">${breakable(text)}</th>`;
  if (column.align === "left") return markup`<td${isUnknown ? UNKNOWN : undefined}>${text}</td>`;
  const exact = formatCellExact(column.unit, value);
  const tip = value === null || exact === text ? undefined : markup` title="${exact}"`;
  return markup`<td class="${isUnknown ? "number unknown" : "number"}"${tip}>${text}</td>`;
}

/** Lines break between the segments of a name. */
function breakable(name: string): readonly Markup[] {
  return (name.match(/[^/;]*[/;]|[^/;]+$/g) ?? [name]).map((segment) => markup`${segment}<wbr />`);
}

const UNKNOWN = markup` class="unknown"`;

function warnings({ warnings }: Profile): Markup | undefined {
  if (warnings.length === 0) return undefined;
  return markup`<h2>Warnings</h2>
    <ul class="warnings">
      ${warnings.map(({ message }) => markup`<li>${message}</li>`)}
    </ul>`;
}

const HARDWARE_FIELDS = [
  ["peakMacsPerSecond", "Peak rate of arithmetic"],
  ["bandwidthBytesPerSecond", "Memory bandwidth"],
  ["onChipBytes", "Memory on the chip"],
  ["secondsPerOperator", "Time for each operator"],
] as const;

function definitions({ hardwareProfile: { name, sources } }: Profile): Markup {
  const item = (term: string, text: string): Markup =>
    markup`<dt>${term}</dt>
      <dd>${text}</dd>`;
  return markup`<h2>What the numbers mean</h2>
    <dl class="definitions">${TOTALS.map(({ title, definition }) => item(title, definition))}</dl>
    <h2>Where the numbers of ${name} come from</h2>
    <dl class="definitions">${HARDWARE_FIELDS.map(([field, title]) => item(title, sources[field]))}</dl>`;
}
