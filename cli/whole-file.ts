/** Writes a file whole or not at all. */
import { randomBytes } from 'node:crypto';
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ImatError } from '../engine/errors/imat-error.ts';

/**
 * Refuses what cannot become a file, before any work is done for it.
 *
 * @throws ImatError `invalid_argument`
 */
export async function checkWritable(path: string): Promise<void> {
  if (path === '') throw refused(path, 'The path is empty.');
  const found = await statOf(path);
  if (found?.isDirectory() === true) throw refused(path, 'It is a directory.');
  if (found !== null && !found.isFile()) throw refused(path, 'It is not a regular file.');
  const directory = await statOf(dirname(path));
  if (directory === null) throw refused(path, `The directory "${dirname(path)}" does not exist.`);
  if (!directory.isDirectory()) throw refused(path, `"${dirname(path)}" is not a directory.`);
}

/**
 * Writes beside the file and renames, so that a reader never finds half of it. A symbolic link
 * stays one.
 *
 * @throws ImatError `invalid_argument`
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  await checkWritable(path);
  const target = (await statOf(path)) === null ? path : await realpath(path);
  const beside = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(beside, text, { flag: 'wx' });
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw refused(path, reasonOf(error), error);
  }
}

/** Null if there is nothing at the path. */
async function statOf(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw refused(path, reasonOf(error), error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'This user is not allowed to write there.',
  EPERM: 'This user is not allowed to write there.',
  EROFS: 'The file system is read-only.',
  ENOSPC: 'The file system is full.',
  ENOTDIR: 'A part of the path is not a directory.',
  ENAMETOOLONG: 'The name is too long.',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? `${error.message}.` : String(error));
}

const refused = (path: string, detail: string, cause?: unknown): ImatError =>
  new ImatError('invalid_argument', {
    message: `could not write the file "${path}"`,
    detail,
    hint: 'Give the path of a file that is new or may be replaced, in a directory that exists.',
    cause,
  });
