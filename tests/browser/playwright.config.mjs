import {defineConfig} from '@playwright/test';

// The distribution's Chromium: nothing is downloaded.
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
  // A test mostly waits for the next refresh.
  workers: 6,
  // In CI, functions are built beside the tests, and one in hundreds of tests loses a race. It is listed as flaky.
  retries: process.env.CI ? 1 : 0,
  // Ends tests that hang. It asserts no speed: a test may open twenty pages while the machine also builds.
  timeout: 600_000,
  // A page refreshes every five seconds. Every change shows after a few refreshes, even on a busy machine.
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
    // Tests that do not depend on the screen's width run on one width.
    {name: 'phone', grepInvert: /@any-width/, use: {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true}},
  ],
});
