/**
 * Shapes, axes or sizes of one operator contradict each other. The engine turns it into a warning and leaves that operator's outputs
 * unknown, so that one odd node does not hide the rest of the model.
 */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}
