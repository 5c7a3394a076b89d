import { provideVSCodeDesignSystem, vsCodeButton, vsCodeCheckbox, vsCodeTextField } from "@vscode/webview-ui-toolkit";
import type { ComponentChildren, JSX } from "preact";

/**
 * The page's controls. VS Code's own toolkit stands behind them; it is no longer developed, so nothing else in the page knows it.
 */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeTextField());
}

declare module "preact" {
  // eslint's naming rule knows no namespaces; this one is Preact's.
  namespace JSX {
    interface IntrinsicElements {
      "vscode-button": JSX.HTMLAttributes<HTMLElement> & { appearance?: "primary" | "secondary" | "icon" };
      "vscode-checkbox": JSX.HTMLAttributes<HTMLElement> & { checked?: boolean };
      "vscode-text-field": JSX.HTMLAttributes<HTMLElement> & { value?: string; placeholder?: string; size?: number };
    }
  }
}

export function Icon({ name, slot }: { readonly name: string; readonly slot?: "start" | "end" }): JSX.Element {
  return <span class={`codicon codicon-${name}`} aria-hidden="true" {...(slot && { slot })} />;
}

interface ButtonProps {
  readonly appearance?: "primary" | "secondary";
  readonly icon?: string;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

export function Button({ appearance = "primary", icon, onClick, children }: ButtonProps): JSX.Element {
  return (
    <vscode-button appearance={appearance} onClick={onClick}>
      {icon !== undefined && <Icon name={icon} slot="start" />}
      {children}
    </vscode-button>
  );
}

interface IconButtonProps {
  readonly icon: string;
  /** Read aloud, and shown on hover. */
  readonly label: string;
  readonly onClick: () => void;
}

export function IconButton({ icon, label, onClick }: IconButtonProps): JSX.Element {
  return (
    <vscode-button appearance="icon" aria-label={label} data-tip={label} onClick={onClick}>
      <Icon name={icon} />
    </vscode-button>
  );
}

interface CheckboxProps {
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly children: ComponentChildren;
}

export function Checkbox({ isChecked, onChange, children }: CheckboxProps): JSX.Element {
  const change = (event: Event): void => {
    const now = (event.currentTarget as HTMLInputElement).checked;
    // The toolkit's checkbox also reports values that it was given.
    if (now !== isChecked) onChange(now);
  };
  return (
    <vscode-checkbox checked={isChecked} onChange={change}>
      {children}
    </vscode-checkbox>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly icon?: string;
  readonly class?: string;
  readonly isInvalid?: boolean;
  /** Id of the element that says what is wrong or what may be typed. */
  readonly describedBy?: string;
  readonly onInput?: (value: string) => void;
  /** Enter, or the focus leaves. */
  readonly onCommit?: (value: string) => void;
  readonly onEscape?: () => void;
}

export function TextField(props: TextFieldProps): JSX.Element {
  const { label, value, placeholder, icon, isInvalid = false, describedBy, onInput, onCommit, onEscape } = props;
  const valueOf = (event: Event): string => (event.currentTarget as HTMLInputElement).value;
  return (
    <vscode-text-field
      class={`${props.class ?? ""} ${isInvalid ? "invalid" : ""}`}
      aria-label={label}
      aria-invalid={isInvalid}
      {...(describedBy !== undefined && { "aria-describedby": describedBy })}
      {...(placeholder !== undefined && { placeholder })}
      value={value}
      onInput={(event) => onInput?.(valueOf(event))}
      onBlur={(event) => onCommit?.(valueOf(event))}
      onKeyDown={(event) => {
        if (event.key === "Enter") onCommit?.(valueOf(event));
        if (event.key === "Escape") onEscape?.();
      }}
    >
      {icon !== undefined && <Icon name={icon} slot="start" />}
    </vscode-text-field>
  );
}
