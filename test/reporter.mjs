// Mocha's reporter for `npm test`: prints what failed, and writes the numbers to the file that EDGEWISE_TEST_REPORT names.
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_TEST_RETRY, EVENT_RUN_END } =
  Mocha.Runner.constants;

export default class TotalsReporter extends Mocha.reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const totals = { passed: 0, failed: 0, skipped: [], retried: [], failures: [] };
    runner.on(EVENT_TEST_PASS, () => totals.passed++);
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      totals.failed++;
      totals.failures.push({ title: test.fullTitle(), message: error.message });
    });
    runner.on(EVENT_TEST_PENDING, (test) => {
      totals.skipped.push({ title: test.fullTitle(), reason: skipReason(test) });
    });
    runner.on(EVENT_TEST_RETRY, (test, error) => {
      totals.retried.push({ title: test.fullTitle(), reason: error.message });
    });
    runner.once(EVENT_RUN_END, () => {
      this.epilogue();
      const file = process.env.EDGEWISE_TEST_REPORT;
      if (file) writeFileSync(file, JSON.stringify(totals));
    });
  }
}

/** A hook that skips marks itself; its suite's tests are then pending without a mark of their own. */
function skipReason(test) {
  if (test.skipReason) return test.skipReason;
  for (let suite = test.parent; suite; suite = suite.parent) if (suite.skipReason) return suite.skipReason;
  return undefined; // the title of the test has to say it
}
