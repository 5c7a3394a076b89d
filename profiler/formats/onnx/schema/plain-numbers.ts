import protobuf from "protobufjs/minimal.js";

// Without a Long class protobufjs hands 64-bit integers over as numbers, which the generated types promise. Sizes and offsets are
// far below 2^53; larger ones ("to the end" in Slice is INT64_MAX) are rounded to the nearest number. Imported before the generated
// code, which makes default values when it loads.
Object.assign(protobuf.util, { Long: null });
protobuf.configure();
