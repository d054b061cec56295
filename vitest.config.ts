import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'test/**/*.test.ts'],
    globalSetup: ['src/store/test-database.setup.ts'],
    pool: 'forks',
    // On a machine that does other work besides, a browser or a real server may miss a deadline once. The run tells
    // which tests needed it.
    retry: process.env['CI'] ? 3 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
