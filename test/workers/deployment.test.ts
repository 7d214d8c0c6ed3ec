/** The files that operators start from: they parse, and what they name is there. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { createMetrics } from '../../workers/metrics.ts';
import { runFake } from '../cli/fake-host.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

type Compose = {
  services: Record<
    string,
    {
      image?: string;
      command?: string[];
      build?: string | { dockerfile: string };
      volumes?: string[];
      depends_on?: object;
    }
  >;
  volumes: object;
};

const compose = parse(read('compose.yaml')) as Compose;
const kubernetes = parseAllDocuments(read('deploy/kubernetes.yaml')).map(
  (document) =>
    document.toJS() as {
      kind: string;
      spec: { template?: { spec: { containers: { args: string[] }[] } } };
    },
);

test('compose.yaml has what it promises, and every file and service that it names', () => {
  expect(Object.keys(compose.services).toSorted()).toEqual([
    'database',
    'prometheus',
    'redis',
    'worker',
  ]);
  for (const service of Object.values(compose.services)) {
    for (const name of Object.keys(service.depends_on ?? {}))
      expect(compose.services).toHaveProperty(name);
    if (typeof service.build === 'object')
      expect(existsSync(join(ROOT, service.build.dockerfile)), service.build.dockerfile).toBe(true);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect(existsSync(join(ROOT, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
    if (service.image !== undefined) expect(service.image).toMatch(/:[\w.-]+$/);
  }
});

test('Kubernetes gets a deployment that is not root and a budget', () => {
  expect(kubernetes.map((one) => one.kind)).toEqual(['Deployment', 'PodDisruptionBudget']);
  expect(kubernetes[0]?.spec.template?.spec).toMatchObject({
    securityContext: { runAsNonRoot: true },
  });
});

test('every option that these files give to imat is one that it has', async () => {
  const help = (await runFake(['worker', '--help'])).stdout;
  const commands = [
    compose.services['worker']?.command ?? [],
    ...kubernetes.flatMap(
      (one) => one.spec.template?.spec.containers.map((container) => container.args) ?? [],
    ),
    JSON.parse(/^CMD (\[.*\])$/m.exec(read('Dockerfile'))?.[1] ?? '[]') as string[],
    (/^ExecStart=\S+ imat (.*)$/m.exec(read('deploy/imat-worker.service'))?.[1] ?? '').split(' '),
  ];
  for (const command of commands) {
    expect(command[0]).toBe('worker');
    for (const option of command.filter((word) => word.startsWith('--')))
      expect(help).toContain(`${option} `);
  }
});

test('the image is small and not root', () => {
  const dockerfile = read('Dockerfile');
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).not.toMatch(/^(?:ADD|FROM .*:latest)/m);
  expect(
    dockerfile
      .split('\n')
      .filter((line) => line.startsWith('FROM '))
      .every((line) => line.includes('-slim')),
  ).toBe(true);
});

test('alerts and Prometheus are about metrics that there are', async () => {
  expect(parse(read('deploy/prometheus.yml'))).toMatchObject({ rule_files: ['alerts.yml'] });
  const { groups } = parse(read('deploy/alerts.yml')) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
  };
  const names = createMetrics()
    .registry.getMetricsAsArray()
    .map((metric) => metric.name);
  for (const { expr, annotations } of groups.flatMap((group) => group.rules)) {
    expect(annotations.summary).not.toBe('');
    for (const [metric] of expr.matchAll(/imat_\w+/g)) expect(names).toContain(metric);
  }
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd)
  process.stderr.write('NOT RUN: systemd-analyze verify, as there is no systemd here\n');

test.skipIf(!hasSystemd)('systemd accepts the unit', () => {
  const directory = mkdtempSync(join(tmpdir(), 'imat-unit-'));
  const unit = join(directory, 'imat-worker.service');
  writeFileSync(unit, read('deploy/imat-worker.service'));
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
    encoding: 'utf8',
  });
  // What it says of other units on the machine is not about this one.
  expect(
    stderr
      .split('\n')
      .filter((line) => line.includes('imat-worker') && !/Command .* is not executable/.test(line)),
  ).toEqual([]);
});
