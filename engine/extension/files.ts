/**
 * The files of the extension in the directories of a server: remembered before an installation, put
 * back if it fails.
 */
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXTENSION } from '../sql/names.ts';

type Directories = { readonly library: string; readonly share: string };

type Kept = ReadonlyMap<string, { readonly content: Buffer; readonly mode: number }>;

/**
 * Runs `install`, which writes the files. If it throws, they are again what they were before, and
 * the error is thrown on.
 */
export async function keepingFiles<T>(
  directories: Directories,
  install: () => Promise<T>,
): Promise<T> {
  const kept = await keep(directories);
  try {
    return await install();
  } catch (error) {
    await putBack(directories, kept);
    throw error;
  }
}

async function keep(directories: Directories): Promise<Kept> {
  const kept = new Map<string, { content: Buffer; mode: number }>();
  for (const path of await filesIn(directories))
    kept.set(path, { content: await readFile(path), mode: (await stat(path)).mode });
  return kept;
}

async function putBack(directories: Directories, kept: Kept): Promise<void> {
  for (const path of await filesIn(directories)) {
    const before = kept.get(path);
    if (before?.content.equals(await readFile(path)) !== true) await rm(path);
  }
  const left = new Set(await filesIn(directories));
  for (const [path, { content, mode }] of kept) {
    if (left.has(path)) continue;
    // A new file, because a process of the server may have the library of that name in its memory.
    await writeFile(path, content, { flag: 'wx' });
    await chmod(path, mode & 0o7777);
  }
}

async function filesIn({ library, share }: Directories): Promise<string[]> {
  const found: string[] = [];
  for (const directory of [library, join(share, 'extension')])
    for (const name of await readdir(directory))
      if (isOfExtension(name)) found.push(join(directory, name));
  return found;
}

function isOfExtension(name: string): boolean {
  return (
    name.startsWith(`${EXTENSION}--`) ||
    [`${EXTENSION}.control`, `${EXTENSION}.so`, `${EXTENSION}.dylib`].includes(name)
  );
}
