/** Damage to a file. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Changes one byte of a file. */
export function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.from([(bytes[at] ?? 0) ^ 0x55]), 0, 1, at);
  closeSync(handle);
}
