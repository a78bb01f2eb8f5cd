// The board as `ordo board` serves it: a study is run, its program trying to do harm by every text it
// may send, and walked through while a second one runs.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";

const programs = dirname(process.env.ORDO_BOARD);
const EVIL = `</script><img src=x onerror="top.pwned=1">`;

// Says everything that a program may say: series, results, progress, artifacts, prints.
const PROGRAM = `
import json, os, sys, time
method, seed, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
evil = '</script><img src=x onerror="top.pwned=1">'
events = os.fdopen(int(os.environ["ORDO_EVENTS_FD"]), "w")
def say(**event):
    events.write(json.dumps({"ordo": 1, **event}) + "\\n")
    events.flush()
print("hello", evil)
points = 20000 if pause == 0 else 40
for step in range(points):
    say(type="metric", name="loss" + evil, step=step, value=(2 if method == "slow" else 1) / (1 + step) + 0.001 * ((seed * 7919 + step * 104729) % 13))
    if pause:
        say(type="progress", task="epoch", done=step, total=points)
        time.sleep(pause)
open("page.html", "w").write("<h1>inside</h1><script>top.pwned=1;document.title='ran'</script>" + evil)
open("notes.txt", "w").write("plain " + evil)
open("drawing.svg", "w").write('<svg xmlns="http://www.w3.org/2000/svg" onload="top.pwned=1"><circle r="9"/></svg>')
say(type="artifact", path="page.html", name="page" + evil + ".html", media="text/html")
say(type="artifact", path="notes.txt", media="text/plain")
say(type="artifact", path="drawing.svg", media="image/svg+xml")
say(type="result", values={"error": 2.0 + 0.1 * seed if method == "slow" else 1.0 + 0.1 * seed})
`;
const spec = (name, seeds, pause, title) => `
[study]
name = "${name}"
title = '${title}'
seeds = ${seeds}
[vary]
method = ["slow", "fast"]
[command]
run = "python3 program.py {method} {seed} ${pause}"
[measure]
error = "error"
[[claim]]
name = "less error"
text = "error(fast) < error(slow)"
`;

let browser, folder, server, url, running;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "ordo-board-"));
  writeFileSync(join(folder, "program.py"), PROGRAM);
  writeFileSync(join(folder, "first.toml"), spec("first", 4, 0, `A title ${EVIL}`));
  writeFileSync(join(folder, "second.toml"), spec("second", 3, 0.1, "The second"));
  execFileSync(join(programs, "ordo-study"), ["run", "first.toml"], { cwd: folder, stdio: "ignore" });
  server = spawn(process.env.ORDO_BOARD, ["--port", "0", "--json"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  url = await new Promise((ready, failed) => {
    let text = "";
    server.stdout.on("data", (data) => {
      text += data;
      if (text.includes("\n")) ready(JSON.parse(text.split("\n")[0]).url);
    });
    server.on("exit", (status) => failed(new Error(`ordo board ended with ${status}`)));
  });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (running?.exitCode === null) running.kill("SIGINT");
  server?.removeAllListeners("exit");
  server?.kill("SIGINT");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

const expected = /sandboxed and the 'allow-scripts'|violates the following Content Security Policy directive/;

async function on(hash, body) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const [faults, asked] = [[], []];
  page.on("request", (request) => {
    asked.push(request.url());
    if (!request.url().startsWith(url)) faults.push(`request ${request.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`error ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error" && !expected.test(message.text())) faults.push(`console ${message.text()}`); });
  page.on("dialog", (dialog) => { faults.push("dialog"); void dialog.dismiss(); });
  try {
    await page.goto(`${url}/${hash}`);
    await body(page, asked);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}
const drawn = (page) => page.waitForFunction(() => performance.getEntriesByName("ordo:ready").length > 0);
const askedFor = async (page, asked, part) => {
  for (let turn = 0; turn < 200 && !asked.some((one) => part.test(one)); ++turn) await page.waitForTimeout(50);
  assert.ok(asked.some((one) => part.test(one)), `${part} was not asked for`);
};

test("lists the study with its verdict", () => on("", async (page) => {
  await page.waitForSelector(".study");
  assert.match(await page.locator(".study").first().innerText(), /A title <\/script><img src=x[^]*1 holds[^]*8 cells done/);
}));

test("shows the study, zooms its bands, and goes to a run", () => on("#/study/first", async (page, asked) => {
  await drawn(page);
  assert.match(await page.locator(".claim .verdict").innerText(), /Holds/);
  assert.equal(await page.locator(".interval .bar").count() > 0, true);
  assert.match(await page.locator("#table tbody tr").first().innerText(), /slow/);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await askedFor(page, asked, /\/api\/bands\?.*from=/);
  await page.getByLabel("single runs").check();
  await askedFor(page, asked, /\/api\/curves\?study=first/);
  assert.equal(await page.locator("[role=alert]").count(), 0);
  await page.locator("#runs tbody th a").first().click();
  await page.waitForSelector("#artifacts li");
}));

test("shows a run, its exact points and its artifacts, and runs nothing of them", () => on("#/study/first", async (page, asked) => {
  await drawn(page);
  await page.locator("#runs tbody th a").first().click();
  await page.waitForSelector("#artifacts li");
  assert.match(await page.locator("#log pre").innerText(), /hello <\/script><img/);
  await page.waitForFunction(() => /20,000 points; the band/.test(document.querySelector("#curves-title").innerText));
  await page.locator(".chart").focus();
  for (let turn = 0; turn < 6; ++turn) await page.keyboard.press("+");
  await askedFor(page, asked, /\/api\/series\?.*from=/);
  await page.waitForFunction(() => document.querySelector("#curves-title").textContent.includes("every one drawn"));
  const show = page.getByRole("button", { name: /^Show/ });
  while (await show.count() > 0) await show.first().click();
  assert.equal(await page.locator("iframe[sandbox='']").count(), 2);
  await page.waitForFunction((evil) => document.querySelector("#artifacts pre")?.innerText === `plain ${evil}`, EVIL);
  await page.waitForTimeout(300);
  assert.equal(await page.locator("main img").count(), 0);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /Download notes/ }).click()]);
  assert.equal(download.suggestedFilename(), "notes.txt");
}));

test("follows a study while it runs", () => on("", async (page) => {
  await page.waitForFunction(() => document.querySelector(".link.live"));
  running = spawn(join(programs, "ordo-study"), ["run", "second.toml"], { cwd: folder, stdio: "ignore" });
  await page.locator(".study", { hasText: "The second" }).locator("h2 a").click({ timeout: 60000 });
  await page.waitForFunction(() => /epoch \d+ of 40/.test(document.querySelector("#runs")?.innerText ?? ""), undefined, { timeout: 60000 });
  await page.waitForFunction(() => /6 cells done/.test(document.querySelector(".top .cells").innerText), undefined, { timeout: 90000 });
  await page.waitForFunction(() => document.querySelector(".claim .verdict"), undefined, { timeout: 30000 });
}));

test("compares the two studies", () => on("#/compare?left=first&right=second", async (page) => {
  await page.waitForSelector(".differences tbody tr");
  assert.match(await page.locator(".differences tbody tr").first().innerText(), /error\s+slow/);
  assert.equal(await page.locator("[role=alert]").count(), 0);
}));

test("says in words what is not there", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/#/run/424242`);
  await page.waitForSelector("[role=alert]");
  assert.match(await page.locator("[role=alert]").innerText(), /run/i);
  await context.close();
});
