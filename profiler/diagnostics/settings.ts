import * as v from "valibot";
import { fields, fitting } from "../outside-data.ts";
import { ownEntry } from "../own-entry.ts";
import type { Rule, RuleSettings } from "./rule.ts";
import { RULES } from "./rules.ts";
import { SEVERITIES } from "./severity.ts";

/**
 * The settings of the rules, as the manifest of the extension must have them, and their texts. The manifest is data that VS Code reads
 * without us; a test compares it with this.
 */

/** After the settings that are written by hand. */
const FIRST_ORDER = 100;

export const SETTINGS_SECTION = "edgewise.diagnostics";

export interface Manifest {
  /** By setting. */
  readonly properties: Readonly<Record<string, object>>;
  /** By key in `package.nls.json`. */
  readonly texts: Readonly<Record<string, string>>;
}

/** "macs-share" is called "macsShare" in settings. */
export function settingName({ code }: Pick<Rule, "code">): string {
  return code.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * What stands below the section, as the rules take it; what is missing or no setting there is its default.
 * @param stored values by setting: `{ macsShare: { severity: "warning", threshold: 0.3 } }`
 */
export function parseSettings(stored: unknown): RuleSettings {
  const settings = fitting(v.record(v.string(), v.unknown()), stored) ?? {};
  return Object.fromEntries(
    RULES.map((rule) => {
      const given = fitting(SETTING, ownEntry(settings, settingName(rule)));
      const { severity = rule.severity, threshold = rule.threshold?.default ?? 0 } = given ?? {};
      return [rule.code, { severity, threshold }];
    }),
  );
}

const SETTING = fields({
  severity: v.fallback(v.optional(v.picklist(SEVERITIES)), undefined),
  threshold: v.fallback(v.optional(v.number()), undefined),
});

export function diagnosticsManifest(): Manifest {
  const properties = RULES.flatMap((rule, position): readonly (readonly [string, object])[] => {
    const order = FIRST_ORDER + 2 * position;
    const name = settingName(rule);
    const severity = {
      type: "string",
      enum: [...SEVERITIES],
      default: rule.severity,
      order,
      scope: "resource",
      markdownDescription: `%diagnostics.${name}.severity%`,
    };
    const { threshold } = rule;
    const limit = threshold && {
      type: threshold.isInteger ? "integer" : "number",
      default: threshold.default,
      minimum: threshold.minimum,
      maximum: threshold.maximum,
      order: order + 1,
      scope: "resource",
      markdownDescription: `%diagnostics.${name}.threshold%`,
    };
    const key = `${SETTINGS_SECTION}.${name}`;
    return [[`${key}.severity`, severity], ...(limit ? [[`${key}.threshold`, limit] as const] : [])];
  });
  const texts = RULES.flatMap((rule) => {
    const key = `diagnostics.${settingName(rule)}`;
    const severity = [`${key}.severity`, `${rule.title}: ${lowered(rule.summary)}`] as const;
    return rule.threshold ? [severity, [`${key}.threshold`, rule.threshold.description] as const] : [severity];
  });
  return { properties: Object.fromEntries(properties), texts: Object.fromEntries(texts) };
}

function lowered(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
