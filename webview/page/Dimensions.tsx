import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { BoundDimension } from "../../profiler/profile.ts";
import { IconButton, Icon, TextField } from "../controls/controls.tsx";
import { RpcError } from "../rpc.ts";

type Bindings = Readonly<Record<string, number>>;

interface DimensionsProps {
  readonly dimensions: readonly BoundDimension[];
  /** Rejects with an RpcError when a value does not fit. */
  readonly onBind: (bindings: Bindings) => Promise<void>;
}

interface FieldError {
  readonly name: string;
  readonly message: string;
}

/** Every dynamic dimension with the value in force; another value profiles the model again. */
export function Dimensions({ dimensions, onBind }: DimensionsProps): JSX.Element | null {
  const [error, setError] = useState<FieldError | null>(null);
  if (dimensions.length === 0) return null;

  const given: Bindings = Object.fromEntries(
    dimensions.filter(({ source }) => source === "given").map(({ name, value }) => [name, value]),
  );

  const bind = async (name: string, bindings: Bindings): Promise<void> => {
    setError(null);
    try {
      await onBind(bindings);
    } catch (failure) {
      setError({ name, message: failure instanceof RpcError ? failure.message : String(failure) });
    }
  };

  const commit = (dimension: BoundDimension, text: string): void => {
    const { name } = dimension;
    const value = parseSize(text);
    if (value === undefined) {
      setError({ name, message: l10n.t("A whole number, 1 or more") });
    } else if (value === dimension.value) {
      setError(null);
    } else {
      const { [name]: _old, ...others } = given;
      void bind(name, value === dimension.default ? others : { ...others, [name]: value });
    }
  };

  return (
    <section class="dimensions" aria-label={l10n.t("Dimensions")} data-testid="dimensions">
      <h2>{l10n.t("Dimensions")}</h2>
      {dimensions.map((dimension) => (
        <DimensionField
          key={dimension.name}
          dimension={dimension}
          error={error?.name === dimension.name ? error.message : null}
          onCommit={(text) => commit(dimension, text)}
          onEdit={() => setError(null)}
        />
      ))}
      {Object.keys(given).length > 0 && (
        <IconButton
          icon="discard"
          label={l10n.t("Use the default of every dimension")}
          onClick={() => void bind("", {})}
        />
      )}
    </section>
  );
}

interface DimensionFieldProps {
  readonly dimension: BoundDimension;
  readonly error: string | null;
  readonly onCommit: (text: string) => void;
  readonly onEdit: () => void;
}

function DimensionField({ dimension, error, onCommit, onEdit }: DimensionFieldProps): JSX.Element {
  const { name, value, occurrences } = dimension;
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const remarkId = `dimension-${name}`;
  return (
    <div class="dimension">
      <span class="dimension-name" data-tip={l10n.t("Occurs in {0}", occurrences.join(", "))}>
        {name}
      </span>
      <TextField
        label={l10n.t("Value of the dimension {0}", name)}
        class="size"
        value={text}
        isInvalid={error !== null}
        describedBy={remarkId}
        onInput={(typed) => {
          setText(typed);
          if (error !== null) onEdit();
        }}
        onCommit={onCommit}
        onEscape={() => {
          setText(String(value));
          onEdit();
        }}
      />
      <span id={remarkId} class={error === null ? "remark" : "error"} role={error === null ? undefined : "alert"}>
        {error === null ? (
          defaultText(dimension)
        ) : (
          <>
            <Icon name="error" /> {error}
          </>
        )}
      </span>
    </div>
  );
}

function defaultText({ source, default: usual }: BoundDimension): string {
  return source === "default" ? l10n.t("default") : l10n.t("default {0}", usual);
}

/** A size as people type it; undefined for anything else. */
function parseSize(text: string): number | undefined {
  return /^\s*[1-9]\d*\s*$/.test(text) ? Number(text) : undefined;
}
