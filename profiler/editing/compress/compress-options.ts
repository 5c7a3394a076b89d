import type { FitBudget } from "../fit/fit-point.ts";
import type { SearchOptions } from "../fit/search.ts";
import type { TrialOptions } from "../fit/trials.ts";

export interface CompressOptions extends TrialOptions, Omit<SearchOptions, "allowsTraining"> {
  readonly budget: FitBudget;
}
