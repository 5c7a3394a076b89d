import * as l10n from "@vscode/l10n";
import { Component, type ComponentChildren, type JSX } from "preact";
import { Button, Icon } from "../controls/controls.tsx";

interface FaultBoundaryProps {
  /** Another key is another try: what cannot be drawn of one layer says nothing of the next. */
  readonly subject: string;
  /** Tells the log and the user. */
  readonly onFault: (error: unknown) => void;
  readonly children: ComponentChildren;
}

interface Fault {
  readonly subject: string;
  readonly message: string;
}

/** Where a part of the page cannot be drawn it says so, and the rest goes on: a blank page tells nobody anything. */
export class FaultBoundary extends Component<FaultBoundaryProps, { readonly fault: Fault | null }> {
  override state: { readonly fault: Fault | null } = { fault: null };

  override componentDidCatch(error: unknown): void {
    const { subject, onFault } = this.props;
    this.setState({ fault: { subject, message: error instanceof Error ? error.message : String(error) } });
    onFault(error);
  }

  override render(): JSX.Element {
    const { fault } = this.state;
    const { subject, children } = this.props;
    if (fault?.subject !== subject) return <>{children}</>;
    return (
      <div class="fault" role="alert" data-testid="fault">
        <p>
          <Icon name="error" /> {l10n.t("This part of the page cannot be shown: {0}", fault.message)}
        </p>
        <Button appearance="secondary" onClick={() => this.setState({ fault: null })}>
          {l10n.t("Try Again")}
        </Button>
      </div>
    );
  }
}
