import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium, launch, open } from "./browser.mjs";

const samples = process.env.ORDO_REPORT_SAMPLES;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

/** Runs `body` with a report open, and then asserts that nothing forbidden happened. */
async function withReport(name, options, body) {
  const report = await open(browser, `${samples}/${name}.html`, options);
  try {
    await body(report.page);
    assert.deepEqual(report.faults, []);
  } finally {
    await report.close();
  }
}

const texts = (page, selector) => page.locator(selector).allTextContents();

/** Waits until the chart's labels are `labels`, or are not. */
const labelsAre = (page, labels, equal) => page.waitForFunction(([old, wanted]) =>
  ([...document.querySelectorAll(".chart text")].map((text) => text.textContent).join() === old) === wanted,
[labels.join(), equal]);

test("shows every claim with its verdict in words and by shape", () => withReport("sample", {}, async (page) => {
  assert.deepEqual((await texts(page, ".claim > header .verdict")).map((t) => t.trim()), ["Holds", "Fails", "Undecided"]);
  const shapes = await page.locator(".claim > header .mark").evaluateAll((marks) => marks.map((mark) => mark.tagName));
  assert.equal(new Set(shapes).size, 3);
  const words = await page.locator(".interval").nth(2).getAttribute("aria-label");
  assert.match(words, /interval −∞ to 22; the claim is true below 0; undecided/);
}));

test("draws a forest plot whose marks stand where the numbers say", () => withReport("sample", {}, async (page) => {
  // Rows 0, 1 and 3 share the unit acc, hence one axis: equal estimates stand at equal places.
  const x = (row) => page.locator(".interval").nth(row).locator("svg > .mark").evaluate((mark) => {
    const box = mark.getBoundingClientRect();
    const row = mark.closest(".interval").getBoundingClientRect();
    return (box.left + box.width / 2 - row.left) / row.width;
  });
  // All ends of the group: -0.01 to 0.067, padded by 12 % of 0.077 on both sides.
  const place = (value) => (value + 0.01 + 0.12 * 0.077) / (0.077 * 1.24);
  for (const [row, value] of [[0, 0.058], [1, 0.021], [3, 0.021]]) {
    assert.ok(Math.abs((await x(row)) - place(value)) < 0.005, `row ${row}`);
  }
}));

test("draws its curves for a program that takes the page after its first frame", () => {
  const page = execFileSync(chromium, ["--headless", "--no-sandbox", "--dump-dom", `file://${samples}/sample.html`],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 26 });
  assert.equal(page.match(/class="mark-line/g)?.length, 4);
});

test("moves the window by dragging and by the wheel", () => withReport("sample", {}, async (page) => {
  await page.getByRole("button", { name: "Zoom in" }).click();
  const labels = await texts(page, ".chart text");
  await page.getByLabel("Drag").selectOption("moves");
  const box = await page.locator(".chart").boundingBox();
  await page.mouse.move(box.x + 600, box.y + 150);
  await page.mouse.down();
  await page.mouse.move(box.x + 400, box.y + 150, { steps: 3 });
  await page.mouse.up();
  await labelsAre(page, labels, false);
  await page.mouse.wheel(-200, 0);  // as far back as the drag went
  await labelsAre(page, labels, true);
}));

test("sorts the table by a measure and back", () => withReport("sample", {}, async (page) => {
  const names = async () => (await page.locator("#table tbody th").allInnerTexts()).map((t) => t.split("\n")[0].trim());
  assert.deepEqual(await names(), ["cold", "warm", "shrink and perturb", "ensemble"]);
  const head = page.locator("#table th", { hasText: "acc" });
  await head.getByRole("button").click();
  assert.equal(await head.getAttribute("aria-sort"), "ascending");
  await head.getByRole("button").click();
  assert.deepEqual(await names(), ["ensemble", "shrink and perturb", "warm", "cold"]);
}));

test("toggles variants, single runs, log axes and zoom", () => withReport("sample", {}, async (page) => {
  const lines = () => page.locator(".chart .mark-line path").count();
  await page.waitForSelector(".chart .mark-line path");
  assert.equal(await lines(), 4);
  const bands = await page.locator(".chart .mark-area path").evaluateAll((areas) =>
    areas.map((area) => [area.getAttribute("fill"), area.getBoundingClientRect().width]));
  assert.equal(new Set(bands.map(([fill]) => fill)).size, 4);
  assert.ok(bands.every(([, width]) => width > 900));
  await page.locator(".legend button", { hasText: "warm" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".chart .mark-line path").length === 3);
  await page.getByLabel("single runs").check();
  await page.waitForFunction(() => document.querySelectorAll(".chart .mark-line path").length === 3 + 36);
  const before = await texts(page, ".chart text");
  await page.getByLabel("log steps").check();
  await labelsAre(page, before, false);
  assert.ok((await texts(page, ".chart text")).includes("100"));  // a linear axis has no tick there
  await page.getByLabel("log steps").uncheck();
  await labelsAre(page, before, true);
  const box = await page.locator(".chart").boundingBox();
  await page.mouse.move(box.x + 300, box.y + 150);
  await page.mouse.down();
  await page.mouse.move(box.x + 600, box.y + 150, { steps: 3 });
  await page.mouse.up();
  await labelsAre(page, before, false);
  await page.getByRole("button", { name: "All steps" }).click();
  await labelsAre(page, before, true);
}));

test("finds runs by the text of their logs and shows their details", () => withReport("sample", {}, async (page) => {
  await page.getByLabel("Search").fill("out of memory");
  assert.deepEqual(await texts(page, "#runs tbody th"), ["1-1"]);
  await page.getByRole("button", { name: "Details of run 1-1" }).click();
  assert.match(await page.locator(".details pre").first().innerText(), /epoch 2[^]*5,120 bytes left out[^]*done/);
  await page.getByLabel("Search").fill("");
  await page.getByRole("button", { name: "Next" }).click();
  assert.equal(await page.locator("#runs tbody th").count(), 48 - 25);
}));

test("walks by keyboard alone", () => withReport("sample", {}, async (page) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  const seen = new Set();
  for (let step = 0; step < 60; ++step) {
    await page.keyboard.press("Tab");
    const [what, outline] = await page.evaluate(() => {
      const element = document.activeElement;
      return [element.className || element.getAttribute("aria-label") || element.tagName, getComputedStyle(element).outlineStyle];
    });
    if (what === "BODY") break;
    assert.notEqual(outline, "none", `no visible focus on ${what}`);
    seen.add(what);
    if (what === "chart") {
      await page.keyboard.press("ArrowRight");
      await page.waitForSelector("dl.readout");
      const labels = await texts(page, ".chart text");
      await page.keyboard.press("+");
      await labelsAre(page, labels, false);
      await page.keyboard.press("0");
    }
  }
  for (const stop of ["sort", "chart", "scroll", "expand"]) assert.ok(seen.has(stop), stop);
  await page.locator(".legend button").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Space");
  assert.deepEqual(await page.locator(".legend button").evaluateAll((all) => all.map((b) => b.ariaPressed)),
    ["true", "false", "true", "true"]);
}));

test("follows the system's colours until the reader chooses", () => withReport("sample", { colorScheme: "dark" }, async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await paper();
  await page.getByLabel("Colours").selectOption("light");
  await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
  assert.notEqual(await paper(), dark);
}));

for (const name of ["hostile", "empty", "large"]) {
  test(`opens the ${name} report without running or fetching anything of it`, () => withReport(name, {}, async (page) => {
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator("img").count(), 0);
    if (name === "hostile") {
      assert.match(await page.locator("h1").innerText(), /<\/script><img src=x onerror=/);
      await page.locator(".expand").first().click();
      assert.match(await page.locator(".details").innerText(), /<img src=x/);
      await page.getByLabel("single runs").check();
      assert.equal(await page.evaluate(() => window.pwned), undefined);
    }
  }));
}

test("refuses a document newer than the page, in words", async () => {
  const newer = readFileSync(`${samples}/empty.html`, "utf8").replace('"ordo_report":1', '"ordo_report":2');
  const path = `${samples}/newer.html`;
  writeFileSync(path, newer);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`file://${path}`);
  assert.match(await page.locator("#app").innerText(), /has format 2; this page reads up to 1/);
  await context.close();
});

test("says on paper which runs are shown", () => withReport("sample", { colorScheme: "dark" }, async (page) => {
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".paper").innerText(), "Runs 1 to 25 of 48; the file has them all.");
  await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
  assert.equal(await page.locator("nav").isVisible(), false);
}));

for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1280, 2560]) {
    test(`has no serious finding of axe, ${colorScheme} at ${width}`, () => withReport("sample",
      { colorScheme, viewport: { width, height: 900 } }, async (page) => {
        await page.locator(".expand").first().click();
        await page.evaluate(axe);
        const found = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
          .map((v) => `${v.id}: ${v.nodes.map((n) => n.target).slice(0, 3)}`), []);
        assert.ok(found.passes.length > 15);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      }));
  }
}
