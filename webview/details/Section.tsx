import type { ComponentChildren, JSX } from "preact";

interface SectionProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Section({ title, children }: SectionProps): JSX.Element {
  return (
    <section class="details-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}
