/** `EDGEWISE_THOROUGH=1` tries every case where `npm test` tries some of each kind: minutes of work for a change of what they are about. */
export const IS_THOROUGH = process.env.EDGEWISE_THOROUGH === "1";
