/**
 * The C extension: what tracking costs writers, what asking costs, and capture in C against capture
 * in plpgsql and none.
 */
import type { Measure } from '../measure.ts';
import { withExtensionServers } from '../extension-servers.ts';
import { measureAsking } from './extension-asking.ts';
import { measureCapture } from './extension-capture.ts';
import { measureTracking } from './extension-tracking.ts';

export const extension: Measure = {
  name: 'extension',
  title: 'the extension, on servers of their own',
  run: async (bench) => {
    await withExtensionServers(async (servers) => {
      await measureTracking(bench, servers);
      await measureAsking(bench, servers);
      await measureCapture(bench, servers);
    });
  },
};
