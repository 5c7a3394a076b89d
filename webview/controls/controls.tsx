import { provideVSCodeDesignSystem, vsCodeButton, vsCodeCheckbox, vsCodeTextField } from "@vscode/webview-ui-toolkit";
import { h, type ComponentChildren, type HTMLAttributes, type JSX, type RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { FOCUS_GRACE_MILLISECONDS } from "./keep-focus.ts";

/**
 * The page's controls. VS Code's own toolkit stands behind them; it is no longer developed, so nothing else in the page knows it.
 */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeTextField());
}

/** A custom element as a component, with the attributes that we use beside those of every element. */
type Element<Attributes> = (props: ElementProps & Attributes) => JSX.Element;

type ElementProps = HTMLAttributes & {
  /** Gets the element itself. */
  readonly host?: RefObject<HTMLElement>;
};

const ToolkitButton: Element<{
  appearance: "primary" | "secondary" | "icon";
  disabled?: boolean;
  "aria-disabled"?: boolean;
}> = element("vscode-button");
const ToolkitCheckbox: Element<{ checked: boolean }> = element("vscode-checkbox");
const ToolkitTextField: Element<{ value: string; placeholder?: string }> = element("vscode-text-field");

function element(tag: string): (props: ElementProps) => JSX.Element {
  return ({ host, ...attributes }) => h(tag, { ...attributes, ...(host && { ref: host }) });
}

/** Names a control to screen readers once it is in the page: on the way in, the toolkit replaces a name by one of its own. */
function useLabel(label: string): RefObject<HTMLElement> {
  const control = useRef<HTMLElement>(null);
  useLayoutEffect(() => control.current?.setAttribute("aria-label", label), [label]);
  return control;
}

export function Icon({ name, slot }: { readonly name: string; readonly slot?: "start" | "end" }): JSX.Element {
  return <span class={`codicon codicon-${name}`} aria-hidden="true" {...(slot && { slot })} />;
}

interface Switchable {
  readonly host: RefObject<HTMLElement>;
  readonly disabled: boolean;
  readonly "aria-disabled": boolean;
  readonly onBlur: () => void;
}

/** A button that is switched off while it has the focus keeps it, and says that it is off: the focus would go to nobody. */
function useDisabled(isDisabled: boolean): Switchable {
  const host = useRef<HTMLElement>(null);
  const isHeld = useRef(false);
  const [, drawAgain] = useState(0);
  const hasFocus = (): boolean => host.current !== null && document.activeElement === host.current;
  isHeld.current = isDisabled && (isHeld.current || hasFocus());
  // What is only moved in the page loses the focus for a moment, and gets it back.
  const onBlur = (): void => {
    setTimeout(() => {
      if (!isHeld.current || hasFocus()) return;
      isHeld.current = false;
      drawAgain((count) => count + 1);
    }, 2 * FOCUS_GRACE_MILLISECONDS);
  };
  return { host, disabled: isDisabled && !isHeld.current, "aria-disabled": isDisabled, onBlur };
}

interface ButtonProps {
  readonly appearance?: "primary" | "secondary";
  readonly icon?: string;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

export function Button(props: ButtonProps): JSX.Element {
  const { appearance = "primary", icon, isDisabled = false, onClick, children } = props;
  return (
    <ToolkitButton appearance={appearance} {...useDisabled(isDisabled)} onClick={() => !isDisabled && onClick()}>
      {icon !== undefined && <Icon name={icon} slot="start" />}
      {children}
    </ToolkitButton>
  );
}

interface IconButtonProps {
  readonly icon: string;
  /** Read aloud, and shown on hover. */
  readonly label: string;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

export function IconButton({ icon, label, isDisabled = false, onClick }: IconButtonProps): JSX.Element {
  return (
    <ToolkitButton
      appearance="icon"
      aria-label={label}
      data-tip={label}
      {...useDisabled(isDisabled)}
      onClick={() => !isDisabled && onClick()}
    >
      <Icon name={icon} />
    </ToolkitButton>
  );
}

interface CheckboxProps {
  readonly label: string;
  /** The label is read aloud and shown on hover only. */
  readonly isLabelHidden?: boolean;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

export function Checkbox({ label, isLabelHidden = false, isChecked, onChange }: CheckboxProps): JSX.Element {
  const change = (event: Event): void => {
    const now = (event.currentTarget as HTMLInputElement).checked;
    // The toolkit's checkbox also reports values that it was given.
    if (now !== isChecked) onChange(now);
  };
  return (
    <ToolkitCheckbox
      host={useLabel(label)}
      checked={isChecked}
      onChange={change}
      {...(isLabelHidden && { "data-tip": label })}
    >
      {isLabelHidden ? null : label}
    </ToolkitCheckbox>
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
    <ToolkitTextField
      class={`${props.class ?? ""} ${isInvalid ? "invalid" : ""}`}
      host={useLabel(label)}
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
    </ToolkitTextField>
  );
}
