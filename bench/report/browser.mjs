// Time until a report is interactive: node browser.mjs FILE. From navigation to the page's own mark
// that everything is drawn and listens ("ordo:ready"), each time in a new browser context; and what
// showing every single run costs. Medians of 5.
import { chromium } from "../../web/node_modules/playwright-core/index.mjs";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
const [paint, ready, singles] = [[], [], []];
for (let repeat = 0; repeat < 5; ++repeat) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`file://${process.argv[2]}`);
  await page.waitForFunction(() => performance.getEntriesByName("ordo:ready").length > 0);
  ready.push(await page.evaluate(() => performance.getEntriesByName("ordo:ready")[0].startTime));
  paint.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN));
  singles.push(await page.evaluate(async () => {
    const lines = () => document.querySelectorAll(".chart .mark-line path").length;
    const box = [...document.querySelectorAll("#curves .check")].at(-1).querySelector("input");
    const before = lines();
    const start = performance.now();
    box.click();
    while (lines() === before) await new Promise((next) => setTimeout(next));
    return performance.now() - start;
  }));
  await context.close();
}
await browser.close();
console.log(`first paint ${median(paint).toFixed(0)} ms, interactive ${median(ready).toFixed(0)} ms, ` +
  `all single runs drawn in ${median(singles).toFixed(0)} ms (medians of 5)`);
