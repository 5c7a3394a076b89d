import { answersTo } from "../restructure/registry.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";
import { SETTINGS_SECTION, settingName } from "./settings.ts";

const HEAD = `# Diagnostics

What Edgewise looks for in a model and shows in the listing and in the list of problems. Each diagnostic has a stable code, a severity
(\`error\`, \`warning\`, \`information\`, \`hint\`, \`off\`) and, where it is a matter of degree, a threshold: both are settings. Those that look
at the weights' numbers read the file and run only when you ask for them, with **Edgewise: Inspect Weights**.

This page is made from the table of rules in \`profiler/diagnostics/\`.
`;

/** The page of all diagnostics, as Markdown with a heading for each code. */
export function documentation(): string {
  return [HEAD, ...RULES.map(section)].join("\n");
}

function section(rule: Rule): string {
  const { code, title, severity, summary, explanation, literature, threshold } = rule;
  const setting = `${SETTINGS_SECTION}.${settingName(rule)}`;
  const answers = answersTo(code).map(
    ({ id, title: name, guarantee, summary: what }) => `- **${name}** (\`${id}\`, ${guarantee}): ${what}`,
  );
  return [
    `## ${code}`,
    `**${title}.** ${summary}`,
    explanation,
    ...(answers.length > 0 ? ["What helps:", answers.join("\n")] : []),
    `| setting | default |\n| --- | --- |\n${[
      `| \`${setting}.severity\` | \`${severity}\` |`,
      ...(threshold ? [`| \`${setting}.threshold\` | ${threshold.default} |`] : []),
    ].join("\n")}`,
    ...(threshold ? [threshold.description] : []),
    ...("findInWeights" in rule ? ["Reads the weights."] : []),
    ...(literature.length > 0 ? [`Literature: ${literature.join("; ")}.`] : []),
  ]
    .map((paragraph) => `${paragraph}\n`)
    .join("\n");
}
