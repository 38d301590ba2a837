// Keeps things in memory, and now and then tidies up. While it tidies up, it does nothing else.
import { createServer } from 'node:http';

const ENTRIES_PER_SECOND = 5_000;
const MS_PER_ENTRY = 0.05;

const say = (words) => console.log(`${new Date().toISOString()} ${words}`);
let entries = 0;

createServer((_, answer) => answer.end(`${entries}\n`)).listen(Number(process.env.PORT), '127.0.0.1', () => {
  say('listening');
});

setInterval(() => {
  entries += ENTRIES_PER_SECOND;
  const ms = entries * MS_PER_ENTRY;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  say(`compacted ${entries} entries in ${ms} ms`);
}, 1_000);
