import { AUGMENTATIONS } from "../../training/augmentation.ts";
import { defineRestructuring, NotApplicableError } from "../restructuring.ts";

const ID = "recover";

/**
 * No layer changes but in its weights: they are trained until the model answers as the one that the list of edits started from. It suits a
 * model whose answers edits cost more than closed forms give back, and is never suggested: only training tells what it brings.
 */
export const RECOVER = defineRestructuring({
  id: ID,
  title: "Recover accuracy by training",
  summary: "Trains the weights until the model answers as the original does, on samples without labels.",
  guarantee: "approximate",
  literature: [
    "Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015",
    "Ba and Caruana, Do Deep Nets Really Need to be Deep?, NeurIPS 2014",
    "Kingma and Ba, Adam, ICLR 2015",
  ],
  answers: {},
  isOfWholeModel: true,
  givesNumbersOnly: true,
  options: [
    {
      id: "steps",
      title: "Steps",
      description:
        "Steps of training. A few hundred bring most of the gain; narrow networks go on improving for thousands.",
      type: "integer",
      default: 400,
      minimum: 1,
    },
    {
      id: "train",
      title: "What is trained",
      description:
        "All weights, those of layers that edits changed and their neighbours, or only those that shift and scale channels.",
      type: "choice",
      choices: [
        { value: "all", title: "All weights" },
        { value: "edited", title: "Edited layers and their neighbours" },
        { value: "biases-and-scales", title: "Biases and scales" },
      ],
      default: "all",
    },
    {
      id: "augment",
      title: "More samples",
      description:
        "How copies of the samples are changed. By kind of sample: affine for pictures, else mixtures, or none where weights have 4 bits or fewer.",
      type: "choice",
      choices: [
        { value: "auto", title: "By kind of sample" },
        ...AUGMENTATIONS.map(({ id, title }) => ({ value: id, title })),
      ],
      default: "auto",
    },
    {
      id: "copies",
      title: "Copies",
      description: "Copies of the samples: the first copy as it is, the others changed.",
      type: "integer",
      default: 8,
      minimum: 1,
    },
    {
      id: "rate",
      title: "Learning rate",
      description:
        "The largest rate of the training: by what share of the size of its tensor's weights a step moves each. Left out, it is 0.03, and less where weights have 4 bits or fewer.",
      type: "number",
      minimum: 1e-7,
      maximum: 1,
    },
    {
      id: "inner",
      title: "Weight of inner tensors",
      description:
        "Weight with which differences of inner tensors that both models have count, beside those of the outputs.",
      type: "number",
      default: 0,
      minimum: 0,
    },
    {
      id: "labels",
      title: "Weight of the classes",
      description:
        "Weight with which the cross entropy of the samples' own classes counts, beside what differs from the original's outputs. Needs labelled samples.",
      type: "number",
      default: 0,
      minimum: 0,
    },
    {
      id: "seed",
      title: "Seed",
      description: "Seed of the order of the samples and of their changes. The same seed gives the same weights.",
      type: "integer",
      default: 0,
      minimum: 0,
    },
  ],
  find: () => [],
  predict: () => ({}),
  rewrite: async (_, target, options, { training }) => {
    if (target !== "") throw new NotApplicableError(ID, target, "it trains the whole model: leave the target empty");
    if (training === undefined)
      throw new NotApplicableError(
        ID,
        target,
        "there are no samples to train on",
        "Give samples of your own: calibration data is what it trains on.",
      );
    const { steps, train, augment, copies, rate, inner, labels, seed } = options;
    return training({
      ...{ steps, copies, inner, crossEntropy: labels, seed, editedOnly: train === "edited" },
      roles: train === "biases-and-scales" ? train : "all",
      ...(augment !== "auto" && { augmentation: augment }),
      ...(rate !== undefined && { rate }),
    });
  },
});
