/** Base of all errors that are the user's to read: the message is one clear line that names the file. */
export abstract class EdgewiseError extends Error {
  /** Stable, for programs: "format", "external-data", … */
  abstract readonly code: string;
  /** What the user can do next, when there is something. */
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(shortened(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** Characters that somebody reads. Names in a file can have millions. */
const LONGEST_MESSAGE = 2000;

/** The file stands at a message's beginning, and what was expected at its end. */
function shortened(message: string): string {
  const left = message.length - LONGEST_MESSAGE;
  if (left <= 0) return message;
  const half = LONGEST_MESSAGE / 2;
  return `${message.slice(0, half)}… (${left} characters) …${message.slice(-half)}`;
}

/** The bytes of a model are not what its format says they must be. */
export class ModelFormatError extends EdgewiseError {
  readonly code = "format";

  /**
   * @param place where in the file, in the reader's words: "node 12 (Conv conv1)", "initializer fc6.weight", "byte 4096"
   * @param expected what should have been there
   */
  constructor(
    readonly file: string,
    readonly place: string,
    readonly expected: string,
    options: { offset?: number | undefined; hint?: string | undefined; cause?: unknown } = {},
  ) {
    const at = options.offset === undefined ? "" : ` (byte ${String(options.offset)})`;
    super(`${file}: ${place}${at}: ${expected}`, options);
    this.offset = options.offset;
  }

  readonly offset: number | undefined;
}

/** A data file that an ONNX model refers to is missing, too short, or outside the model's folder. */
export class ExternalDataError extends EdgewiseError {
  readonly code: string = "external-data";
}

/** A data file whose bytes are not there, though it may be read. */
export interface MissingData {
  /** As the model spells it. */
  readonly location: string;
  /** Where it was looked for: a path, or what else names the place. */
  readonly place: string;
  /** Bytes that it has, where it is too short for what the model says is in it; null: there is no such file. */
  readonly bytes: number | null;
  /** One line that names the file. */
  readonly message: string;
  readonly hint?: string;
}

/** There is no such data file: the graph can be read without it, the weights cannot. */
export class MissingDataError extends ExternalDataError {
  override readonly code = "missing-data";

  /** @param place where it was looked for */
  constructor(
    message: string,
    readonly place: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The file itself cannot be read: it is missing, a folder, or closed to this user. */
export class FileAccessError extends EdgewiseError {
  readonly code = "file-access";
}

/** The file was replaced or rewritten after it was opened: its bytes no longer mean what was read of them. */
export class FileChangedError extends EdgewiseError {
  readonly code = "file-changed";
}

/** An option of the caller does not fit the model: an unknown dimension name, an unknown hardware profile. */
export class OptionError extends EdgewiseError {
  readonly code = "option";
}

/** The file is well-formed but passes one of our named limits; the message names the limit and its reason. */
export class LimitError extends EdgewiseError {
  readonly code = "limit";
}

/** A model cannot be run on this machine, or not with these inputs; the message says why. */
export class RunError extends EdgewiseError {
  readonly code = "run";
}

/** Calibration data is not what the model takes, or cannot be read; the message names the file and what was expected. */
export class CalibrationError extends EdgewiseError {
  readonly code = "calibration";
}
