// Names what was skipped, and hands the counts to scripts/test.mjs.
const { writeFileSync } = require('node:fs');

module.exports = class CountReporter {
  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) => file.testResults);
    /** @type {Map<string, number>} */
    const skipped = new Map();
    for (const { status, ancestorTitles, title } of tests) {
      const name = ancestorTitles[0] ?? title;
      if (status === 'pending') skipped.set(name, (skipped.get(name) ?? 0) + 1);
    }
    for (const [name, count] of skipped) console.log(`skipped: ${name}: ${count}`);
    const counts = {
      passed: results.numPassedTests,
      // A file that could not be run has no tests to count.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    const file = process.env.MYSWITCH_TEST_COUNTS;
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
};
