// The board's pages against the mock server (mock.mjs): what a reader sees, does with keys, and what
// the page asks the server for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { serve } from "./mock.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const expected = /sandboxed and the 'allow-scripts'|violates the following Content Security Policy directive: "default-src 'none'"/;

/** Runs `body(page, server)` on a page at `hash`, and then asserts that nothing forbidden happened:
 *  no error, no dialog, no request to anybody else, nothing of a run executed. */
async function on(hash, body, { faults: allowed = expected, ...options } = {}) {
  const server = await serve();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  const faults = [];
  page.on("request", (request) => { if (!request.url().startsWith(server.url)) faults.push(`request ${request.url()}`); });
  page.on("pageerror", (error) => faults.push(`error ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error" && !allowed.test(message.text())) faults.push(`console ${message.text()}`); });
  page.on("dialog", (dialog) => { faults.push("dialog"); void dialog.dismiss(); });
  try {
    await page.goto(`${server.url}/${hash}`);
    await body(page, server);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
    await server.close();
  }
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();
const drawn = (page) => page.waitForFunction(() => performance.getEntriesByName("ordo:ready").length > 0);
const hash = (page) => page.evaluate(() => location.hash);
const hashHas = (page, part) => page.waitForFunction((text) => decodeURIComponent(location.hash).includes(text), part);

/** Where the element stands in the window once it has stood there for 300 ms: what a reader sees move,
 *  unlike scrollY, which the browser itself adapts when something above grows. */
const restingPlace = (page, selector) => page.locator(selector).evaluate((element) => new Promise((resolve) => {
  let place = NaN;
  let since = 0;
  const look = (time) => {
    const { top } = element.getBoundingClientRect();
    if (top !== place) [place, since] = [top, time];
    if (time - since > 300) resolve(place);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}));

/** The chart's pixels, as one number. */
const picture = (page) => page.locator(".chart canvas").first().evaluate((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum = (sum * 31 + data[at] + data[at + 3]) % 1000000007;
  return sum;
});
const pictureChanges = async (page, from) => {
  for (let turn = 0; turn < 100; ++turn) {
    if (await picture(page) !== from) return;
    await page.waitForTimeout(50);
  }
  assert.fail("the chart did not change");
};

test("lists studies with verdicts by shape and word, newest first", () => on("", async (page) => {
  await page.waitForSelector(".study");
  const titles = await texts(page, ".study h2");
  assert.equal(titles[0], "A study that is running");
  assert.equal(titles.length, 6);
  const row = page.locator(".study", { hasText: "warm-start" });
  assert.match(await row.innerText(), /1 holds\s+1 fails\s+1 undecided/);
  const shapes = await row.locator(".mark").evaluateAll((marks) => marks.map((mark) => mark.tagName));
  assert.equal(new Set(shapes).size, 3);
  assert.match(await row.innerText(), /47 of 48 cells done, 1 failed/);
}));

test("keeps search and tag in the address", () => on("#/?q=warm-start", async (page, server) => {
  await page.waitForFunction(() => document.querySelectorAll(".study").length === 1);
  assert.equal(await page.getByLabel("Search").inputValue(), "warm-start");
  assert.ok(server.log.includes("/api/studies?q=warm-start"));
  await page.getByLabel("Search").fill("");
  await page.waitForFunction(() => document.querySelectorAll(".study").length === 6);
  await page.locator(".controls select").selectOption("big");
  assert.deepEqual((await texts(page, ".study code")).sort(), ["large", "long"]);
  await hashHas(page, "tag=big");
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll(".study").length === 2);
}));

test("goes back and forward between pages, to where one was", () => on("#/study/warm-start", async (page) => {
  await drawn(page);
  const link = page.locator("#runs tbody th a").nth(20);
  await link.scrollIntoViewIfNeeded();
  const before = await page.evaluate(() => scrollY);
  assert.ok(before > 300);
  await link.click();
  await page.waitForSelector("#artifacts");
  assert.match(await page.locator("h1").innerText(), /warm, seed 8/);
  assert.equal(await page.evaluate(() => scrollY), 0);
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.goBack();
  await page.waitForFunction((y) => Math.abs(scrollY - y) < 3, before);
  await page.goForward();
  await page.waitForSelector("#artifacts");
}));

test("shows a section by its address", () => on("#/study/warm-start/runs", async (page) => {
  await page.waitForFunction(() => document.activeElement?.id === "runs-title");
  await page.waitForFunction(() => scrollY > 300);  // it glides there
}));

test("keeps filters of runs in the address", () => on("#/study/warm-start?status=failed", async (page) => {
  await page.waitForSelector("#runs tbody tr");
  assert.deepEqual(await texts(page, "#runs tbody th"), ["warm/1"]);
  await page.getByLabel("Status").selectOption("");
  await page.getByLabel("Variant").selectOption("ensemble");
  await page.waitForFunction(() => document.querySelectorAll("#runs tbody tr").length === 12);
  await page.locator("#runs th", { hasText: "acc" }).getByRole("button").click();
  await page.locator("#runs th", { hasText: "acc" }).getByRole("button").click();
  await hashHas(page, "variant=ensemble");
  await hashHas(page, "sort=-acc");
  const values = (await texts(page, "#runs tbody td:nth-child(6)")).map(Number);
  assert.deepEqual(values, [...values].sort((a, b) => b - a));
}));

test("asks for finer windows when zoomed, exact points at last", () => on("#/run/9000", async (page, server) => {
  await drawn(page);
  assert.match(await page.locator("#curves-title").innerText(), /10,000,000 points; the band/);
  const chart = page.locator(".chart");
  await chart.focus();
  const windows = () => server.log.filter((url) => url.startsWith("/api/series")).map((url) => new URLSearchParams(url.split("?")[1]))
    .filter((query) => query.has("from")).map((query) => Number(query.get("to")) - Number(query.get("from")));
  for (let turn = 0; turn < 14; ++turn) await page.keyboard.press("+");
  await page.waitForFunction(() => document.querySelector("#curves-title").textContent.includes("every one drawn"));
  const widths = windows();
  assert.ok(widths.length >= 2 && widths.length <= 15, `${widths.length} requests`);
  // What is fetched serves windows down to 6.5 times narrower.
  assert.ok(widths.at(-1) < 6.5 * 1e8 / 2 ** 14, String(widths.at(-1)));
  await hashHas(page, "zoom=");
  const asked = server.log.length;
  await page.keyboard.press("Shift+ArrowRight");  // into what has been fetched beside the window
  await page.waitForTimeout(200);
  assert.equal(server.log.length, asked);
  for (let turn = 0; turn < 16; ++turn) await page.keyboard.press("Shift+ArrowRight");
  for (let turn = 0; turn < 40 && server.log.length === asked; ++turn) await page.waitForTimeout(50);
  assert.ok(server.log.length > asked);
}));

test("opens a deep link at its zoom and metric", () => on("#/run/9000?metric=acc&zoom=1000..3000", async (page) => {
  await page.waitForFunction(() => document.querySelector("#curves-title")?.textContent.includes("every one drawn"));
  assert.equal(await page.getByRole("button", { name: "All steps" }).isEnabled(), true);
}));

test("zooms the bands of a study, and shows single runs from the server", () => on("#/study/large", async (page, server) => {
  await drawn(page);
  const before = await picture(page);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await pictureChanges(page, before);
  for (let turn = 0; turn < 40 && !server.log.some((url) => url.startsWith("/api/bands") && url.includes("from=")); ++turn) await page.waitForTimeout(50);
  assert.ok(server.log.some((url) => url.startsWith("/api/bands") && url.includes("from=")) ||
    !server.log.some((url) => url.startsWith("/api/bands")));
  const banded = await picture(page);
  await page.getByLabel("single runs").check();
  await pictureChanges(page, banded);
  assert.ok(server.log.some((url) => url.startsWith("/api/curves?study=large")));
  await hashHas(page, "singles=1");
}));

test("drags to zoom and to move", () => on("#/study/warm-start", async (page) => {
  await drawn(page);
  await page.locator(".chart").scrollIntoViewIfNeeded();
  const box = await page.locator(".chart").boundingBox();
  const drag = async (from, to) => {
    await page.mouse.move(box.x + from, box.y + 150);
    await page.mouse.down();
    await page.mouse.move(box.x + to, box.y + 150, { steps: 4 });
    await page.mouse.up();
  };
  const zoom = async () => new URLSearchParams((await hash(page)).split("?")[1]).get("zoom").split("..").map(Number);
  await drag(300, 600);
  await hashHas(page, "zoom=");
  const [a, b] = await zoom();
  assert.ok(a > 900 && b < 2400 && b - a > 900, `${a} ${b}`);
  await page.keyboard.down("Shift");
  await drag(600, 400);
  await page.keyboard.up("Shift");
  await page.waitForTimeout(400);
  const [c, d] = await zoom();
  assert.ok(c > a + 50, `${c}`);
  assert.ok(Math.abs((d - c) - (b - a)) < 1e-3 * (b - a));
}));

test("follows a running study and keeps scroll, focus and zoom", () => on("#/study/growing?zoom=1000..2000", async (page, server) => {
  await drawn(page);
  await page.waitForFunction(() => document.querySelector(".link.live"));
  await page.locator("#runs").getByLabel("Search").focus();
  await page.locator("#runs").getByLabel("Search").fill("warm");
  await page.locator("#runs").scrollIntoViewIfNeeded();
  const before = await restingPlace(page, "#runs");
  server.tell("growing", (study) => { study.progress = { task: "epoch", done: 7, total: 10, unit: "" }; });
  await page.waitForFunction(() => document.querySelector("#runs").innerText.includes("epoch 7 of 10"));
  server.tell("growing", (study) => {
    study.runs[20].status = "done";
    study.runs[21].status = "running";
  });
  await page.waitForFunction(() => document.querySelector(".top .cells").innerText.includes("20 of 48"));
  await page.waitForFunction(() => document.querySelectorAll("#runs .running").length === 1 &&
    [...document.querySelectorAll("#runs tbody tr")].some((row) => /warm\/9/.test(row.innerText) && /running/.test(row.innerText)));
  for (let turn = 0; turn < 60 && server.log.filter((url) => url.startsWith("/api/study?")).length < 2; ++turn) await page.waitForTimeout(50);
  assert.ok(server.log.filter((url) => url.startsWith("/api/study?")).length >= 2);
  const now = await restingPlace(page, "#runs");
  assert.ok(Math.abs(now - before) < 1, `what one looks at moved from ${before} to ${now}`);
  assert.equal(await page.evaluate(() => document.activeElement.value), "warm");
  await hashHas(page, "zoom=1000..2000");
}));

test("says that the connection is lost, and when it is back", () => on("#/study/growing", async (page, server) => {
  await drawn(page);
  await page.waitForFunction(() => document.querySelector(".link.live"));
  server.refuse(true);
  await page.waitForFunction(() => /connection lost/.test(document.querySelector(".link").innerText));
  server.refuse(false);
  const asked = server.log.filter((url) => url.startsWith("/api/study?")).length;
  await page.waitForFunction(() => document.querySelector(".link.live"), undefined, { timeout: 15000 });
  for (let turn = 0; turn < 60 && server.log.filter((url) => url.startsWith("/api/study?")).length === asked; ++turn) await page.waitForTimeout(50);
  assert.ok(server.log.filter((url) => url.startsWith("/api/study?")).length > asked);  // what was missed
}, { faults: /ERR_|503|net::/ }));

test("adds new studies to the list without a reload", () => on("", async (page, server) => {
  await page.waitForFunction(() => document.querySelector(".link.live") && document.querySelectorAll(".study").length === 6);
  server.tell("growing", (study) => { study.runs[20].status = "failed"; });
  await page.waitForFunction(() => /2 failed/.test(document.querySelector(".study").innerText));
}));

test("compares two studies", () => on("#/compare?left=warm-start", async (page) => {
  await page.locator("fieldset").nth(1).getByLabel("Study").selectOption("growing");
  await page.waitForSelector(".differences tbody tr");
  assert.match(await page.locator(".differences tbody tr").first().innerText(), /acc\s+cold[^]*−0\.01 \(−1\.17 %\)[^]*12 pairs/);
  assert.match(await page.locator(".differences svg").first().getAttribute("aria-label"), /difference −0\.01, interval −0\.025 to 0\.002/);
  assert.match(await page.locator("#claims tbody tr").first().innerText(), /Holds\s+Undecided/);
  await drawn(page);
  assert.equal(await page.locator(".legend button").count(), 6);
  await page.locator("fieldset").first().getByLabel("Runs").selectOption("aaaaaaaa11");
  await hashHas(page, "left=warm-start@aaaaaaaa11");
  await page.getByRole("button", { name: "Swap" }).click();
  await hashHas(page, "right=warm-start@aaaaaaaa11");
}));

test("shows a run with its log and artifacts, and runs nothing of them", () => on("#/run/2000", async (page) => {
  await page.waitForSelector("#artifacts li");
  assert.match(await page.locator("#log pre").innerText(), /epoch 1<\/script><img src=x[^]*5,120 bytes left out[^]*done/);
  const show = page.getByRole("button", { name: /^Show/ });
  while (await show.count() > 0) await show.first().click();
  const frames = await page.locator("iframe").evaluateAll((all) => all.map((frame) => frame.getAttribute("sandbox")));
  assert.deepEqual(frames, ["", ""]);
  const inside = page.frames().find((frame) => /artifacts/.test(frame.url()));
  await inside.waitForLoadState();
  assert.equal(await page.locator("img").count(), 1);
  await page.waitForFunction(() => /plain <b>text<\/b>/.test(document.querySelector("#artifacts pre")?.innerText ?? ""));
  assert.match(await page.locator("#artifacts").innerText(), /The first 65\.5 kB of 150 kB/);
  assert.doesNotMatch(await page.title(), /^ran$/);
}));

test("shows hostile names as text everywhere", () => on("#/study/hostile", async (page) => {
  await drawn(page);
  assert.match(await page.locator("h1").innerText(), /<\/script><img src=x onerror=/);
  assert.equal(await page.locator("img").count(), 0);
  await page.locator(".tags a").first().click();
  await page.waitForSelector(".study");
  assert.equal(await page.locator(".study").count(), 1);
  await page.locator(".study h2 a").click();
  await drawn(page);
}));

test("tells in the server's words what is not there", () => on("#/study/nope", async (page) => {
  await page.waitForSelector("[role=alert]");
  assert.match(await page.locator("[role=alert]").innerText(), /There is no such study/);
}, { faults: /404/ }));

test("walks by keyboard alone", () => on("", async (page) => {
  await page.waitForSelector(".study");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.type), "search");
  await page.keyboard.type("warm-start?");  // no help while one types
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await page.keyboard.press("Backspace");
  await page.waitForFunction(() => document.querySelectorAll(".study").length === 1);
  const seen = new Set();
  const walk = async (until) => {
    for (let step = 0; step < 80; ++step) {
      await page.keyboard.press("Tab");
      const [what, outline] = await page.evaluate(() => {
        const element = document.activeElement;
        return [element.className || element.getAttribute("aria-label") || element.innerText, getComputedStyle(element).outlineStyle];
      });
      assert.notEqual(outline, "none", `no visible focus on ${what}`);
      seen.add(what);
      if (until(what)) return;
    }
    assert.fail("not reached");
  };
  await walk((what) => /plateau/.test(what));
  await page.keyboard.press("Enter");
  await drawn(page);
  await walk((what) => what === "chart");
  const before = await picture(page);
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector("dl.readout");
  await page.keyboard.press("+");
  await pictureChanges(page, before);
  await page.keyboard.press("0");
  await walk((what) => /^cold\/0/.test(what));
  await page.keyboard.press("Enter");
  await page.waitForSelector("#artifacts");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
  await page.keyboard.press("s");
  await page.waitForSelector(".study");
  assert.ok(seen.has("sort") && seen.has("scroll"), [...seen].join());
}));

test("can switch its keys off, and remembers that and the colours", () => on("", async (page) => {
  await page.waitForSelector(".study");
  await page.keyboard.press("?");
  await page.getByLabel(/keys without Ctrl/).uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("c");
  await page.getByLabel("Colours").selectOption("dark");
  await page.reload();
  await page.waitForSelector(".study");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.keyboard.press("c");
  await page.waitForTimeout(100);
  assert.doesNotMatch(await hash(page), /compare/);
}));

test("carries no inline style and no script but its own", () => on("#/study/warm-start", async (page) => {
  const policy = await page.locator("meta[http-equiv]").getAttribute("content");
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; connect-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'$/);
  await drawn(page);
}));

for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1280]) {
    test(`has no serious finding of axe, ${colorScheme} at ${width}`, async () => {
      for (const address of ["", "#/study/growing", "#/study/hostile", "#/compare?left=warm-start&right=growing", "#/run/1", "#/compare", "#/study/empty"]) {
        await on(address, async (page) => {
          await page.waitForSelector("h1");
          await page.waitForTimeout(600);
          for (const selector of [".fold summary", "[aria-label='Show notes.txt']"]) {
            if (await page.locator(selector).count() > 0) await page.locator(selector).first().click();
          }
          await page.evaluate(axe);
          const check = async () => {
            const found = await page.evaluate(() => globalThis.axe.run());
            assert.deepEqual(found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
              .map((v) => `${address} ${v.id}: ${v.nodes.map((n) => n.target).slice(0, 3)}`), []);
          };
          await check();
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, address);
          if (address === "") {
            await page.keyboard.press("?");
            await check();
          }
        }, { colorScheme, viewport: { width, height: 900 } });
      }
    });
  }
}
