import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";

export interface DataTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The numbers of a chart as a table, for who cannot see it and for who wants them exact. */
export function ChartData({ title, table }: { readonly title: string; readonly table: DataTable }): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details class="chart-data" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>{l10n.t("Show as a table")}</summary>
      {isOpen && (
        <div class="chart-table" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead>
              <tr>
                {table.head.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row, position) => (
                <tr key={position}>
                  {row.map((cell, column) => (column === 0 ? <th scope="row">{cell}</th> : <td>{cell}</td>))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
