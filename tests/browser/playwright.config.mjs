import {defineConfig} from '@playwright/test';

// Chromium is the distribution's own: nothing is downloaded.
const chromium = {
  executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
};

export default defineConfig({
  testDir: 'tests',
  testMatch: '*.test.mjs',
  outputDir: 'artefacts/failures',
  fullyParallel: true,
  forbidOnly: true,
  // Most of a test is waiting for the next refresh.
  workers: 6,
  // Functions are built beside it there, which once in hundreds of tests makes one lose a race. It is listed as flaky.
  retries: process.env.CI ? 1 : 0,
  // Ends what hangs, and asserts no speed: one test may open twenty pages on a machine that builds beside it.
  timeout: 600_000,
  // A page refreshes every five seconds; whatever has to show has shown after a few of them, also on a busy machine.
  expect: {timeout: 30_000},
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: chromium,
    locale: 'en-US',
    timezoneId: 'America/Los_Angeles',
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    screenshot: 'only-on-failure',
  },
  projects: [
    {name: 'desktop', use: {viewport: {width: 1280, height: 800}}},
    // What a screen's width cannot change is tried on one.
    {name: 'phone', grepInvert: /@any-width/, use: {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true}},
  ],
});
