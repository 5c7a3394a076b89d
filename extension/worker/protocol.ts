import type { ExportFormat, LayerDetails, ProfileStep, WeightStatistics } from "../../profiler/index.ts";
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

export interface ExportRequest {
  readonly profile: PackedProfile;
  /** What the export calls the model: whoever reads it has nothing of a path on this machine. */
  readonly file: string;
  readonly format: ExportFormat;
}

/** A question about one layer of the model that a request names. */
export interface LayerQuery {
  readonly request: ProfileRequest;
  /** Index of the layer. */
  readonly layer: number;
}

export interface WeightsQuery extends LayerQuery {
  /** Position among the layer's inputs. */
  readonly input: number;
}

export interface WorkerContract extends Contract {
  readonly requests: {
    readonly profile: { readonly params: ProfileRequest; readonly result: ProfileReply };
    /** The text of a file. */
    readonly export: { readonly params: ExportRequest; readonly result: string };
    readonly layerDetails: { readonly params: LayerQuery; readonly result: LayerDetails };
    /** null where the file holds no elements that statistics can be made of. */
    readonly weightStatistics: { readonly params: WeightsQuery; readonly result: WeightStatistics | null };
  };
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
