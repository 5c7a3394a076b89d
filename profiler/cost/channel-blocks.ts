/** Channels that kernels compute at a time: MLAS's blocks with AVX-512 (`MlasNchwcGetBlockSize`); those of Arm divide them. */
export const CHANNEL_BLOCK = 16;
/** Blocks of filters that share what a kernel loads; one that is left over loads for itself. */
export const FILTER_BLOCKS = 4;
/** Input channels are padded to so many; a map of others is not taken in blocks. */
export const INPUT_BLOCK = 4;
