// @ts-check
/**
 * Prints each test that failed, with the beginning of its message, and then one line,
 * `N passed, N failed, N skipped`, from the JSON results that vitest wrote into a directory. Fails
 * if no test ran or one failed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

const directory = process.argv[2] ?? '.';
let passed = 0;
let failed = 0;
let skipped = 0;
let complete = true;
for (const name of readdirSync(directory)) {
  const result = JSON.parse(readFileSync(join(directory, name), 'utf8'));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  skipped += result.numPendingTests + result.numTodoTests;
  // False also if a file could not be loaded, which counts as no test at all.
  complete &&= result.success;
  for (const file of result.testResults) {
    const place = `${basename(name, '.json')}: ${relative('.', file.name)}`;
    if (file.message) {
      console.log(`${place}\n    ${firstLines(file.message)}`);
    }
    for (const test of file.assertionResults) {
      if (test.status === 'failed') {
        console.log(
          `${place}: ${test.fullName}\n    ${firstLines(test.failureMessages.join('\n'))}`,
        );
      }
    }
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = complete && passed > 0 && failed === 0 ? 0 : 1;

/** @param {string} message */
function firstLines(message) {
  return message.split('\n').slice(0, 6).join('\n    ').slice(0, 800);
}
