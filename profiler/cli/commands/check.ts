import type { Command } from "commander";
import { formatCellExact, missingRows, totalOf } from "../../columns.ts";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare } from "../../format-numbers.ts";
import type { Profile } from "../../profile.ts";
import { EXIT, type CliContext } from "../context.ts";
import { describeLimit, LIMITS, titleOf, type Limit } from "../limits.ts";
import { remarkMissing } from "./profile.ts";
import { profileFile } from "../profile-file.ts";
import { parseDimension } from "../quantities.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

type CheckCommandOptions = Readonly<Partial<Record<Limit["option"], number>>> & {
  readonly dim?: Readonly<Record<string, number>>;
};

interface Verdict {
  readonly limit: Limit;
  readonly allowed: number;
  readonly problem: string | undefined;
}

/** `edgewise check MODEL`: a gate for continuous integration. What is unknown does not pass. */
export function addCheckCommand(program: Command, context: CliContext): void {
  const command = program
    .command("check")
    .description("exit with 1 and a table when a model exceeds a limit, or when what is limited is unknown")
    .argument("<model>", MODEL_ARGUMENT)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension);
  for (const { flags, total, parse } of LIMITS) command.option(flags, describeLimit(total), parse);
  command.action(async (model: string, options: CheckCommandOptions) => {
    const limits = LIMITS.filter(({ option }) => options[option] !== undefined);
    if (limits.length === 0) {
      throw new OptionError(
        `nothing to check: give at least one of ${LIMITS.map(({ flags }) => flags.split(" ")[0]).join(", ")}`,
      );
    }
    const profile = await profileFile(model, { bindings: options.dim ?? {} });
    remarkMissing(profile, context);
    const verdicts = limits.map((limit) => judge(profile, limit, options[limit.option] ?? 0));
    const failed = verdicts.filter(({ problem }) => problem !== undefined);
    if (failed.length > 0) context.setExitCode(EXIT.failed);
    context.write(
      failed.length > 0 ? `${failures(profile, failed)}\n` : `${printable(profile.file)}: ${within(limits.length)}\n`,
    );
  });
}

function judge(profile: Profile, limit: Limit, allowed: number): Verdict {
  const { totals } = profile;
  const value = totals[limit.total];
  if (value !== null && value > allowed) {
    const excess = allowed === 0 ? "exceeds" : `exceeds by ${formatShare(value / allowed - 1)}`;
    return { limit, allowed, problem: excess };
  }
  const missing = missingRows(limit.total, profile);
  if (value === null) return { limit, allowed, problem: "unknown" };
  return {
    limit,
    allowed,
    problem: missing > 0 ? `unknown: ${missing} ${missing === 1 ? "row is" : "rows are"} missing` : undefined,
  };
}

function failures({ file, totals }: Profile, verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ limit: { total }, allowed, problem }) => {
    const unit = totalOf(total)?.unit ?? "text";
    return [titleOf(total), formatCellExact(unit, totals[total]), formatCellExact(unit, allowed), problem ?? ""];
  });
  const alignments = (["left", "right", "right", "left"] as const).map((align) => ({ align }));
  return `${printable(file)} does not pass:\n${plainTable([["", "Value", "Limit", ""], ...rows], alignments)}`;
}

function within(limits: number): string {
  return limits === 1 ? "within the limit" : `within all ${limits} limits`;
}
