import type { Argument, Command, Option } from "commander";

/** The page of the command line, made from the commands themselves: every command with every option and its description. */
export function commandLineDocumentation(program: Command): string {
  const commands = program.commands.filter((command) => command.name() !== "help");
  return [
    "# Command line",
    "",
    "<!-- Written by `npm run generate:cli` from the commands: change it there. -->",
    "",
    "`edgewise` is `node dist/cli.js` in a clone. Errors are one line on standard error and exit code 2; an interrupted command ends with 130.",
    "",
    "MODEL is an .onnx or .tflite file, or a bundle (.task, .litertlm) with one model. `FILE#NAME` is a part of a file: a model of a bundle, a signature or a subgraph of a TFLite model, or both as `FILE#MODEL#ENTRY`; a name that is not there is answered with those that are. Edits of one entry leave the others as they are. Bodies of control flow can be profiled and run by themselves, not edited. A model of a bundle is written to a file of its own.",
    "",
    ...commands.flatMap(section),
  ].join("\n");
}

/**
 * The names of all options, a command or a few lines each: what `edgewise --help` ends with, and the README has.
 * @param width columns of a line
 */
export function optionsOfCommands(program: Command, width: number): readonly string[] {
  const commands = program.commands.filter((command) => shownOptions(command).length > 0);
  const indent = 2 + Math.max(...commands.map((command) => command.name().length)) + 2;
  return commands.flatMap((command) => {
    const names = wrapped(
      shownOptions(command).map(({ long, flags }) => long ?? flags),
      width - indent,
    );
    return names.map((line, index) => `${`  ${index === 0 ? command.name() : ""}`.padEnd(indent)}${line}`);
  });
}

function wrapped(words: readonly string[], width: number): readonly string[] {
  return words.reduce<readonly string[]>((lines, word) => {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    return last !== undefined && longer.length > width ? [...lines, word] : [...lines.slice(0, -1), longer];
  }, []);
}

function shownOptions(command: Command): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

function section(command: Command): readonly string[] {
  const usage = ["edgewise", command.name(), ...command.registeredArguments.map(argumentText), "[options]"].join(" ");
  const options = shownOptions(command);
  return [
    `## ${command.name()}`,
    "",
    `    ${usage}`,
    "",
    sentence(command.description()),
    "",
    ...(options.length === 0 ? [] : ["| option | |", "| --- | --- |", ...options.map(row), ""]),
  ];
}

function argumentText(argument: Argument): string {
  const name = argument.name().toUpperCase() + (argument.variadic ? "…" : "");
  return argument.required ? name : `[${name}]`;
}

function row(option: Option): string {
  const notes = [
    option.description,
    ...(option.mandatory ? ["required"] : []),
    ...(option.argChoices ? [`one of ${option.argChoices.join(", ")}`] : []),
    ...(option.defaultValue === undefined
      ? []
      : [`default ${option.defaultValueDescription ?? textOf(option.defaultValue)}`]),
  ];
  return `| \`${cell(option.flags)}\` | ${cell(notes.join("; "))} |`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
