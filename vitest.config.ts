import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Two workers: real processes and probes share the machine with the tests that watch them.
    maxWorkers: 2,
    globalSetup: ['test/support/leaks.ts', 'test/support/command.ts'],
  },
});
