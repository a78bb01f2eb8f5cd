// What the board's page costs in Chromium: node bench/board/browser.mjs [STUDY-ADDRESS RUN-ADDRESS]
//
// Time from navigation until a study of 500 runs x 1,000 points is drawn and listens ("ordo:ready"),
// medians of 5; then frames a second while a window glides through a run of 10^7 points, and through
// all 500 single runs. Without addresses test/mock.mjs serves made-up ones: then this is the page's
// share. With those of a running `ordo board` the server's share is in it.
import { chromium } from "../../web/node_modules/playwright-core/index.mjs";
import { serve } from "../../web/test/mock.mjs";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const [, , study, run] = process.argv;
const mock = study ? undefined : await serve();
const addresses = { study: study ?? `${mock.url}/#/study/large`, run: run ?? `${mock.url}/#/run/9000` };
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });

async function open(address) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => performance.getEntriesByName("ordo:ready").length > 0);
  return { page, close: () => context.close() };
}

/** Frames a second while the chart is dragged to and fro for 3 s, a step each frame. */
async function glide(page, zooms) {
  await page.getByLabel("Drag").selectOption("moves");
  for (let turn = 0; turn < zooms; ++turn) await page.getByRole("button", { name: "Zoom in" }).click();
  await page.waitForTimeout(1000);
  return page.evaluate(async () => {
    const chart = document.querySelector(".chart");
    chart.setPointerCapture = () => {};
    chart.querySelector(".drawing").setPointerCapture = () => {};
    const box = chart.getBoundingClientRect();
    const send = (type, x) => chart.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: box.left + x, clientY: box.top + 150, button: 0, pointerId: 1 }));
    send("pointerdown", 600);
    const gaps = [];
    const start = performance.now();
    let last = start;
    for (let frame = 0; last - start < 3000; ++frame) {
      send("pointermove", 600 + 500 * Math.sin(frame / 25));
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    send("pointerup", 600);
    gaps.sort((a, b) => a - b);
    return { frames: (1000 * gaps.length) / (last - start), slow: gaps[Math.floor(0.95 * gaps.length)] };
  });
}

const ready = [];
const paint = [];
for (let repeat = 0; repeat < 5; ++repeat) {
  const { page, close } = await open(addresses.study);
  ready.push(await page.evaluate(() => performance.getEntriesByName("ordo:ready")[0].startTime));
  paint.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN));
  await close();
}
console.log(`study of 500 runs: first paint ${median(paint).toFixed(0)} ms, interactive ${median(ready).toFixed(0)} ms (medians of 5)`);
const tell = (what, { frames, slow }) => console.log(`${what}: ${frames.toFixed(0)} frames a second, 95 % of them within ${slow.toFixed(0)} ms`);
{
  const { page, close } = await open(addresses.run);
  tell("gliding through 10^7 points, 1/64 of them in view", await glide(page, 6));
  await close();
}
{
  const { page, close } = await open(addresses.study);
  await page.getByLabel("single runs").check();
  await page.waitForTimeout(1500);
  tell("gliding through all single runs, half of the steps in view", await glide(page, 1));
  await close();
}
await browser.close();
await mock?.close();
