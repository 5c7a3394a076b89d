import type { ProfileStep } from "../../profiler/index.ts";
import type { PackedProfile } from "../../webview/protocol.ts";
import type { Contract, None } from "../../webview/rpc.ts";

/** What the extension host and the worker thread that runs the engine say to each other. */

/** A file that Node can open, or one behind a file system of VS Code, whose bytes the host hands over when they are read. */
export type ModelLocation =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "remote"; readonly name: string; readonly size: number };

export interface ProfileRequest {
  readonly location: ModelLocation;
  readonly bindings: Readonly<Record<string, number>>;
  /** Name of a hardware profile, built in or own. */
  readonly hardware: string;
  /** The user's own hardware profiles as they stand in the settings: checked by the engine. */
  readonly ownHardware: readonly unknown[];
}

export interface ProfileReply {
  readonly profile: PackedProfile;
  /** Data files that the model refers to, as it spells them: a change of one is a change of the model. */
  readonly dataFiles: readonly string[];
}

export interface WorkerContract extends Contract {
  readonly requests: { readonly profile: { readonly params: ProfileRequest; readonly result: ProfileReply } };
  readonly events: { readonly step: ProfileStep };
}

export interface WorkerHostContract extends Contract {
  readonly requests: {
    /** Bytes of a remote model or of a data file beside it ("" is the model itself). */
    readonly readRemote: { readonly params: { readonly relativePath: string }; readonly result: Uint8Array };
    readonly sizeOfRemote: { readonly params: { readonly relativePath: string }; readonly result: number };
  };
  readonly events: None;
}
