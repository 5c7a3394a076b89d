import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import type { BoundDimension } from "../../profiler/profile.ts";
import { IconButton, Icon, TextField } from "../controls/controls.tsx";
import { RpcError } from "../protocol/rpc.ts";

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

  const oneBatch: Bindings = Object.fromEntries(dimensions.filter(isBatch).map(({ name }) => [name, 1]));
  const working: Bindings = Object.fromEntries(
    dimensions.flatMap(({ name, works }) => (works === undefined ? [] : [[name, works]])),
  );
  const isOneBatch = dimensions.filter(isBatch).every(({ value }) => value === 1);
  const hasExamples = dimensions.some(isExample);

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
          onWorking={() => void bind("", { ...given, ...working })}
          onEdit={() => setError(null)}
        />
      ))}
      <span class="presets">
        {!isOneBatch && (
          <button type="button" class="link" onClick={() => void bind("", { ...given, ...oneBatch })}>
            {l10n.t("Batch 1")}
          </button>
        )}
        {Object.keys(given).length > 0 && (
          <IconButton
            icon="discard"
            label={
              hasExamples
                ? l10n.t("Use the exporter’s example of every dimension")
                : l10n.t("Use the default of every dimension")
            }
            onClick={() => void bind("", {})}
          />
        )}
      </span>
      {error?.name === "" && (
        <span class="dimension">
          <span class="error" role="alert">
            <Icon name="error" /> {error.message}
          </span>
        </span>
      )}
    </section>
  );
}

interface DimensionFieldProps {
  readonly dimension: BoundDimension;
  readonly error: string | null;
  readonly onCommit: (text: string) => void;
  readonly onEdit: () => void;
  /** Gives every dimension that keeps the model from running a size that works. */
  readonly onWorking: () => void;
}

function DimensionField({ dimension, error, onCommit, onEdit, onWorking }: DimensionFieldProps): JSX.Element {
  const { name, value, occurrences } = dimension;
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const remarkId = useId();
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
          dimension.works === undefined ? (
            defaultText(dimension)
          ) : (
            <span class="unrunnable">
              <Icon name="warning" /> {l10n.t("the model cannot run with {0}", value)}{" "}
              <button type="button" class="link" onClick={onWorking}>
                {l10n.t("use {0}", dimension.works)}
              </button>
            </span>
          )
        ) : (
          <>
            <Icon name="error" /> {error}
          </>
        )}
      </span>
    </div>
  );
}

function defaultText(dimension: BoundDimension): string {
  const { source, default: usual } = dimension;
  if (isExample(dimension)) return source === "default" ? l10n.t("exporter’s example") : l10n.t("example {0}", usual);
  return source === "default" ? l10n.t("default") : l10n.t("default {0}", usual);
}

/** A size that the file was converted with. Where it says none, 1 is used. */
function isExample({ default: usual }: BoundDimension): boolean {
  return usual !== 1;
}

/** How many samples run at once: by its name, or because it is the first axis of an input. */
function isBatch({ name, occurrences }: BoundDimension): boolean {
  return /batch|^(n|bs)$/i.test(name) || occurrences.some((place) => place.endsWith("[0]"));
}

/** A size as people type it; undefined for anything else. */
function parseSize(text: string): number | undefined {
  return /^\s*[1-9]\d*\s*$/.test(text) ? Number(text) : undefined;
}
