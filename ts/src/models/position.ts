// Where a model's training stands, as its random numbers see it.

/** How far training has come: what random numbers depend on besides the seed. */
export interface Position {
  /** Epochs begun in the life of the model. */
  epochs: number;
  /** Training steps made in the life of the model. */
  steps: number;
}
