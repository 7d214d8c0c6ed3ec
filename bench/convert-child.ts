/**
 * A process that converts, verifies and reverts one view and prints the bytes of memory that it
 * needed at most. Used by measures/memory.ts.
 */
import { connect } from '../engine/index.ts';

const [url = '', view = ''] = process.argv.slice(2);
const BYTES_A_KILOBYTE = 1024;

const imat = await connect(url);
const { name } = await imat.convert(view);
await imat.fold(name);
const { results } = await imat.verify(name);
if (results.some(({ equal }) => !equal)) throw new Error(`${name} differs from its definition`);
await imat.revert(name);
await imat.close();
process.stdout.write(`${process.resourceUsage().maxRSS * BYTES_A_KILOBYTE}\n`);
