/** `npm run bench -- [--only name] [--quick] [--json]`: what reeve costs, beside what its peers cost. See README.md. */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { healing } from './healing.ts';
import { importing } from './import.ts';
import { launching } from './launching.ts';
import type { Benchmark, Finding } from './measure.ts';
import { memory } from './memory.ts';
import { probing } from './probing.ts';
import { pureStep } from './pure-step.ts';
import { recordedStep } from './recorded-step.ts';
import { recovery } from './recovery.ts';
import { replay } from './replay.ts';
import { simulatedEvent } from './simulated-event.ts';
import { status } from './status.ts';
import { tableOf } from './table.ts';

const BENCHMARKS: readonly Benchmark[] = [
  pureStep,
  recordedStep,
  recovery,
  importing,
  status,
  memory,
  replay,
  probing,
  healing,
  launching,
  simulatedEvent,
];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const names = BENCHMARKS.map(({ name }) => name);
const unknown = values.only?.filter((name) => !names.includes(name)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(1);
}

const findings: Finding[] = [];
for (const benchmark of BENCHMARKS.filter(({ name }) => values.only?.includes(name) ?? true)) {
  if (!values.json) console.error(`${benchmark.name} …`);
  findings.push(...(await benchmark.run({ isQuick: values.quick })));
}
const machine = { node: process.version, platform: process.platform, cpu: cpus()[0]?.model ?? '', cpus: cpus().length };
console.log(values.json ? JSON.stringify({ quick: values.quick, machine, findings }, null, 2) : tableOf(findings));
