// One Chromium for all tests, and pages that report what they must not do.
import { chromium as playwright } from "playwright-core";

export const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export function launch() {
  return playwright.launch({ executablePath: chromium, args: flags });
}

/** Opens a report and waits until its curves are drawn; `faults` collects errors and requests. */
export async function open(browser, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: false, ...options });
  const page = await context.newPage();
  const faults = [];
  const url = `file://${path}`;
  page.on("request", (request) => { if (request.url() !== url) faults.push(`request ${request.url()}`); });
  page.on("pageerror", (error) => faults.push(`error ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") faults.push(`console ${message.text()}`); });
  page.on("dialog", (dialog) => { faults.push("dialog"); void dialog.dismiss(); });
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName("ordo:ready").length > 0);
  return { page, faults, close: () => context.close() };
}
