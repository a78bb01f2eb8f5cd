// A board's server with made-up studies, for development and for tests that need what a real one
// does not do on demand: lose the connection, hold 10^7 points, send a study that changes now.
//
//   node test/mock.mjs [PORT]     serves dist/board.html on http://127.0.0.1:PORT (8701)
//
// It answers what docs/board.md says, and checks nothing: ordo/board is the server that does.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const TOPS = { cold: 0.86, warm: 0.9, "shrink and perturb": 0.93, ensemble: 0.95 };
const TIME = "2026-03-01T12:00:00Z";

function hash(text) {
  let at = 2166136261;
  for (const letter of text) at = Math.imul(at ^ letter.codePointAt(0), 16777619);
  return at >>> 0;
}

/** A number in [0, 1) that depends on its arguments only. */
function chance(a, b) {
  let at = Math.imul(a ^ 0x9e3779b9, 2654435761) ^ Math.imul(b + 1, 2246822519);
  at = Math.imul(at ^ (at >>> 15), 2246822519);
  return ((at ^ (at >>> 13)) >>> 0) / 2 ** 32;
}

const pack = (values) => ({ f64: Buffer.from(Float64Array.from(values).buffer).toString("base64") });

/** A study of `seeds` runs a variant, `points` points each, all made-up. */
function study(name, options = {}) {
  const { seeds = 12, points = 400, hostile = "", variants = Object.keys(TOPS), tags = ["baseline"], first = 1, done = Infinity } = options;
  const runs = [];
  for (const variant of variants) {
    for (let seed = 0; seed < seeds; ++seed) {
      const index = runs.length;
      const status = index < done ? (index === seeds + 1 ? "failed" : "done") : index === done ? "running" : "waiting";
      runs.push({ id: first + index, variant: variant + hostile, top: TOPS[variant] ?? 0.8, seed, status, points });
    }
  }
  return { name, title: options.title ?? `Does ${name} reach the plateau in fewer steps?`, hostile, tags, seeds, runs, revision: 1,
    variants: variants.map((variant) => variant + hostile), changed: options.changed ?? TIME, progress: { task: "epoch", done: 3, total: 10, unit: "" } };
}

const HOSTILE = `</script><img src=x onerror="window.pwned=1"><b>'&amp;`;

export function samples() {
  return [
    study("warm-start", { tags: ["baseline", "digits"] }),
    study("growing", { first: 1000, done: 20, tags: ["running now"], title: "A study that is running", changed: "2026-03-01T13:00:00Z" }),
    study("hostile", { first: 2000, seeds: 2, hostile: HOSTILE, tags: [HOSTILE], title: `Title ${HOSTILE}`, changed: "2026-02-01T12:00:00Z" }),
    study("large", { first: 3000, seeds: 125, points: 1000, tags: ["big"], title: "500 runs of 1,000 points", changed: "2026-02-02T12:00:00Z" }),
    study("long", { first: 9000, seeds: 1, points: 1e7, variants: ["cold"], tags: ["big"], title: "One run of 10,000,000 points", changed: "2026-02-03T12:00:00Z" }),
    study("empty", { first: 9900, seeds: 0, variants: [], tags: [], title: "Nothing yet", changed: "2026-01-03T12:00:00Z" }),
  ];
}

const value = (run, at) => {
  const share = (at + 1) / run.points;
  return run.top - (run.top - 0.1) * Math.exp(-6 * share) + 0.01 * Math.sin(at / 40) + 0.04 * (chance(run.id, at) - 0.5);
};

/** Entries of the run's points with steps in [from, to], each of `width` points; of a wide one
 *  a few points are looked at. */
function entries(run, from, to, wanted) {
  const first = Math.max(0, Math.ceil(from / 10) - 1);
  const last = Math.min(run.points - 1, Math.floor(to / 10) - 1);
  const count = Math.max(0, last - first + 1);
  let width = 1;
  while (count / width > wanted) width *= 32;
  const out = { width, count, total: run.points, step: [], value: [], low: width > 1 ? [] : null, high: width > 1 ? [] : null };
  for (let at = first - (first % width); at <= last; at += width) {
    const some = [];
    for (let k = 0; k < Math.min(width, 16); ++k) some.push(value(run, at + Math.floor((k * width) / Math.min(width, 16))));
    out.step.push(10 * (at + 1));
    out.value.push(some.reduce((a, b) => a + b, 0) / some.length);
    out.low?.push(Math.min(...some));
    out.high?.push(Math.max(...some));
  }
  return out;
}

function moments(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const half = values.length > 1 ? 2 * Math.sqrt(square / (values.length - 1) / values.length) : NaN;
  return [mean, half];
}

const begun = (run) => run.status !== "waiting";

function bands(one, from, to, wanted) {
  return one.variants.flatMap((variant) => {
    const runs = one.runs.filter((run) => run.variant === variant && begun(run)).slice(0, 12);
    if (runs.length === 0) return [];
    const all = runs.map((run) => entries(run, from, to, wanted));
    const at = all[0].step.map((_step, index) => moments(all.map((a) => a.value[index])));
    return [{ variant, runs: runs.length, width: all[0].width, step: all[0].step, value: at.map(([mean]) => mean),
      low: at.map(([mean, half]) => mean - half), high: at.map(([mean, half]) => mean + half) }];
  });
}

function pieces(list) {
  const columns = [];
  let at = 0;
  const place = (values) => {
    if (!values) return null;
    columns.push(values);
    const here = at;
    at += 8 * values.length;
    return here;
  };
  const head = list.map(({ step, value, low, high, ...rest }) => ({
    ...rest, entries: step.length, step: place(step), value: place(value), low: place(low), high: place(high) }));
  // The header's length depends on the places and these on it: round up generously and pad.
  const size = Math.ceil((JSON.stringify({ series: head }).length * 2 + 64) / 8) * 8;
  for (const one of head) for (const key of ["step", "value", "low", "high"]) if (one[key] !== null) one[key] += 8 + size;
  const body = Buffer.alloc(8 + size + at, 32);
  body.write("ORS1", 0, "latin1");
  body.writeUInt32LE(size, 4);
  body.write(JSON.stringify({ series: head }), 8);
  let put = 8 + size;
  for (const column of columns) {
    Buffer.from(Float64Array.from(column).buffer).copy(body, put);
    put += 8 * column.length;
  }
  return body;
}

function info(one) {
  const counts = {};
  for (const run of one.runs) {
    const status = run.status === "waiting" ? "pending" : run.status;
    counts[status] = (counts[status] ?? 0) + 1;
  }
  const claims = one.runs.length === 0 ? [] : [
    { name: `ensemble wins${one.hostile}`, text: "acc(ensemble) > acc(cold) by 0.02", verdict: "holds" },
    { name: "warm is as good", text: "acc(warm) ~= acc(cold) within 0.01", verdict: "fails" },
    { name: "sooner and no worse", text: "steps(warm) <= 0.9 * steps(cold)", verdict: counts.running ? null : "undecided" }];
  return { name: one.name, title: one.title, question: one.hostile || "Is training from the last model as good as training anew?",
    tags: one.tags, created: TIME, changed: one.changed, cells: one.runs.length, counts, runs: one.runs.filter(begun).length,
    points: one.runs.reduce((sum, run) => sum + run.points, 0), running: Boolean(counts.running), claims,
    revision: String(one.revision), error: "" };
}

const claim = (one, name, text, sentence, verdict, comparisons) => ({
  name: name + one.hostile, text, sentence: sentence + one.hostile, verdict, note: verdict === "undecided" ? "About 9 further seeds would likely decide it." : "", comparisons });

function claims(one) {
  if (one.runs.length === 0) return [];
  const row = (label, unit, estimate, interval, claimed, verdict) =>
    ({ label: label + one.hostile, unit, estimate, interval, claimed, verdict, pairs: one.seeds, p_value: 0.01 });
  return [
    claim(one, "ensemble wins", "acc(ensemble) > acc(cold) by 0.02", "The ensemble is more accurate by more than 0.02.", "holds",
      [row("acc(ensemble) − acc(cold)", "acc", 0.058, [0.049, 0.067], [0.02, "inf"], "holds")]),
    claim(one, "warm is as good", "acc(warm) ~= acc(cold) within 0.01", "A warm start is not within 0.01.", "fails",
      [row("acc(warm) − acc(cold)", "acc", 0.021, [0.013, 0.029], [-0.01, 0.01], "fails")]),
    claim(one, "sooner and no worse", "steps(warm) <= 0.9 * steps(cold)", "Whether a warm start needs fewer steps is open.", "undecided",
      [row("steps(warm) − 0.9 * steps(cold)", "steps", -38, ["-inf", 22], ["-inf", 0], "undecided")])];
}

function documentOf(one) {
  const curve = (metric) => bands(one, -Infinity, Infinity, 500).map((band) => ({ metric, variant: band.variant,
    steps: pack(band.step), mean: pack(band.value), low: pack(band.low), high: pack(band.high), runs: [] }));
  const final = (run) => value(run, run.points - 1);
  const table = one.variants.flatMap((variant) => {
    const ended = one.runs.filter((run) => run.variant === variant && run.status === "done");
    if (ended.length === 0) return [];
    const [mean, half] = moments(ended.map(final));
    return [{ variant, measure: "acc", mean, interval: [mean - half, mean + half].map((x) => (Number.isFinite(x) ? x : "nan")), runs: ended.length }];
  });
  return {
    ordo_report: 1, name: one.name, title: one.title, question: info(one).question, description: "Four ways to begin, on one task.",
    created: TIME, program: "ordo 0.1.0", fixed: { batch: 64 }, variants: one.variants.map((name, index) => ({ name, parameters: { rate: 0.1 / (1 + index) } })),
    measures: one.runs.length === 0 ? [] : [{ name: "acc", description: "final(acc)", unit: "", better: "higher" }], claims: claims(one), table,
    table_interval: "95 % interval of the mean", curve_interval: "mean with its 95 % interval", curves: one.runs.length === 0 ? [] : curve(`acc${one.hostile}`),
    runs: one.runs.map((run) => ({ id: `${run.variant}/${run.seed}`, variant: run.variant, seed: run.seed, status: run.status,
      message: run.status === "failed" ? `exit status 1: out of memory${one.hostile}` : "", started: begun(run) ? TIME : "",
      seconds: begun(run) ? 12.5 + run.seed : null, environment: begun(run) ? 0 : null, parameters: { rate: 0.1, seed: run.seed },
      measures: run.status === "done" ? { acc: final(run) } : {}, logs: [] })),
    environments: [{ name: "environment 1", values: { host: `box${one.hostile}`, cores: 16, versions: { python: "3.11.2", torch: "2.13.0" } } }],
    testing: { alpha: 0.05, registered_seeds: one.seeds, method: "Paired differences by seed, one-sided Student bounds.", correction: "Holm's step-down over all comparisons.",
      looks: [{ seeds: one.seeds, alpha: 0.05, when: TIME }], notes: [] },
  };
}

const runInfo = (one, run) => ({ cell: run.id, run: begun(run) ? run.id : null, attempts: 1,
  progress: run.status === "running" ? one.progress : {}, points: run.points });

const SIDES = [{ environment: "aaaaaaaa11", label: "commit 4f2a9c1", runs: 24 }, { environment: "bbbbbbbb22", label: "environment 2 (host box)", runs: 24 }];

function artifacts(one, run) {
  const at = (name, type, view, body) => ({ name: name + one.hostile, type, size: Buffer.byteLength(body), hash: String(hash(name)), view, body,
    url: `/api/runs/${run.id}/artifacts/${hash(name)}` });
  const evil = `<h1>A report</h1><script>parent.pwned = 1; top.pwned = 1; document.title = "ran"</script><img src=x onerror="top.pwned=1">`;
  return [
    at("report.html", "text/html", "frame", evil), at("drawing.svg", "image/svg+xml", "frame", `<svg xmlns="http://www.w3.org/2000/svg" onload="top.pwned=1"><circle r="40" cx="50" cy="50"/></svg>`),
    at("notes.txt", "text/plain", "text", `plain <b>text</b> ${"line\n".repeat(30000)}`),
    at("dot.png", "image/png", "image", Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")),
    at("model.bin", "application/octet-stream", "", "\0\0\0")];
}

function runAnswer(one, run) {
  return { revision: String(one.revision), id: run.id, label: `${run.variant}/${run.seed}`, study: one.name, title: one.title, cell: run.id, variant: run.variant,
    seed: run.seed, attempt: 1, attempts: [{ run: run.id, attempt: 1, status: run.status, started: TIME }], counts: true, status: run.status,
    message: run.status === "failed" ? "exit status 1: out of memory" : "", host: "box", pid: 4711, started: TIME, ended: run.status === "running" ? "" : TIME,
    seconds: 12.5, cpu_seconds: 24.25, peak_memory: 5e8, exit_status: run.status === "done" ? 0 : 1, signal: null, threads: 2, fingerprint: "ab12cd34",
    parameters: { rate: 0.1, batch: 64, seed: run.seed, data: `digits.csv${one.hostile}` }, results: { acc: 0.93 }, measures: { acc: value(run, run.points - 1) },
    measure_errors: {}, progress: run.status === "running" ? one.progress : {},
    environment: { hash: "aaaaaaaa11", values: { host: "box", cores: 16, versions: { python: "3.11.2" } } },
    log: { head: `epoch 1${one.hostile}\nepoch 2\n`, tail: "epoch 99\ndone\n", omitted: 5120, bytes: 5160 },
    series: [{ name: `acc${one.hostile}`, count: run.points, first_step: 10, last_step: 10 * run.points, last_value: 0.9 }],
    artifacts: artifacts(one, run).map(({ body: _body, ...rest }) => rest) };
}

function compare(left, right, sides) {
  const mean = (run) => value(run, run.points - 1);
  const variants = [...new Set([...left.variants, ...right.variants])];
  const side = (one, of) => {
    const found = one.runs.filter((run) => run.variant === of && run.status === "done");
    if (found.length === 0) return null;
    const [m, half] = moments(found.map(mean));
    return { mean: m, interval: [m - half, m + half], runs: found.length };
  };
  return { revision: "1", left: { side: sides[0], study: info(left), label: sides[0], runs: left.runs.length, variants: left.variants },
    right: { side: sides[1], study: info(right), label: sides[1], runs: right.runs.length, variants: right.variants },
    rows: variants.map((variant, index) => {
      const [a, b] = [side(left, variant), side(right, variant)];
      const step = 0.01 * (index - 1);
      return { variant, measure: "acc", left: a, right: b, difference: a && b ? { mean: step, interval: [step - 0.015, step + 0.012], pairs: 12, relative: step / a.mean } : null };
    }),
    parameters: [{ name: "batch", left: 64, right: 128 }], environment: [{ name: "versions.torch", left: "2.12.0", right: "2.13.0" }],
    claims: claims(left).map(({ name, text, verdict }, index) => ({ name, text, left: verdict, right: index === 1 ? null : "undecided" })),
    metrics: [`acc${left.hostile}`], interval: "95 % interval of the mean; of paired differences where both have the seed" };
}

/** Starts a server; `log` has every address that was asked for. */
export async function serve({ page = new URL("../dist/board.html", import.meta.url), port = 0 } = {}) {
  const studies = samples();
  const log = [];
  const streams = new Set();
  let refusing = false;
  const named = (name) => studies.find((one) => one.name === name.split("@")[0]);
  const runOf = (id) => studies.flatMap((one) => one.runs.map((run) => ({ one, run }))).find(({ run }) => run.id === Number(id));
  const answers = {
    store: () => ({ ordo_board: 1, program: "ordo 0.1.0", folder: "/home/me/.ordo", revision: "1" }),
    studies: (query) => {
      const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      const found = studies.filter((one) => words.every((word) => [one.name, one.title, ...one.tags, ...one.variants].join(" ").toLowerCase().includes(word)));
      return { revision: "1", studies: found.map((one) => ({ ...info(one), ...(words.length > 0 ? { matches: [`tag: ${one.tags[0] ?? ""}`] } : {}) }))
        .sort((a, b) => b.changed.localeCompare(a.changed)) };
    },
    study: (query) => {
      const one = named(query.get("name"));
      return one && { revision: String(one.revision), study: info(one), document: documentOf(one), runs: one.runs.map((run) => runInfo(one, run)),
        series: one.runs.length === 0 ? [] : [{ metric: `acc${one.hostile}`, runs: one.runs.filter(begun).length, points: info(one).points }],
        environments: [{ hash: "aaaaaaaa11", commit: "4f2a9c1", dirty: false }], sides: SIDES };
    },
    compare: (query) => {
      const [left, right] = [query.get("left"), query.get("right")];
      return named(left) && named(right) && compare(named(left), named(right), [left, right]);
    },
    series: (query) => {
      const found = runOf(query.get("run"));
      return found && pieces([{ run: found.run.id, name: query.get("name"), ...range(query, (from, to, points) => entries(found.run, from, to, points)) }]);
    },
    curves: (query) => {
      const one = named(query.get("study"));
      return one && pieces(one.runs.filter(begun).map((run) => ({ run: run.id, name: query.get("metric"), ...range(query, (from, to, points) => entries(run, from, to, points)) })));
    },
    bands: (query) => {
      const one = named(query.get("study"));
      return one && pieces(range(query, (from, to, points) => bands(one, from, to, points)));
    },
  };
  function range(query, make) {
    return make(Number(query.get("from") ?? -Infinity), Number(query.get("to") ?? Infinity), Number(query.get("points") ?? 1000));
  }
  function events(request, response, name) {
    if (refusing) return fail(response, 503, "Too many pages listen to this board: close some.");
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(`retry: 200\n\nevent: hello\ndata: {"ordo_board":1,"revision":"1"}\n\n`);
    const stream = { response, name };
    streams.add(stream);
    request.on("close", () => streams.delete(stream));
  }
  function fail(response, status, error) {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ error }));
  }
  function artifact(id, hashed, query, request, response) {
    const found = runOf(id);
    const one = found && artifacts(found.one, found.run).find((a) => a.hash === hashed);
    if (!one) return fail(response, 404, "No such artifact.");
    const headers = query.has("view") ? { "Content-Type": one.view === "text" ? "text/plain" : one.type, "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'" }
      : { "Content-Type": one.type, "Content-Disposition": "attachment" };
    const bytes = Buffer.from(one.body);
    const asked = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (!asked) return response.writeHead(200, headers).end(bytes);
    const [from, to] = [Number(asked[1]), Math.min(bytes.length - 1, Number(asked[2]))];
    response.writeHead(206, { ...headers, "Content-Range": `bytes ${from}-${to}/${bytes.length}` }).end(bytes.subarray(from, to + 1));
  }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://x");
    log.push(request.url);
    if (pathname === "/") return response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(readFileSync(page));
    const [, api, name, id, what, hashed] = pathname.split("/");
    if (api !== "api") return fail(response, 404, "There is no such page.");
    if (name === "events") return events(request, response, searchParams.get("study") ?? "");
    if (name === "runs" && what === "artifacts") return artifact(id, hashed, searchParams, request, response);
    const found = name === "runs" ? runOf(id) : undefined;
    const answer = found ? runAnswer(found.one, found.run) : answers[name]?.(searchParams);
    if (!answer) return fail(response, 404, "There is no such study, run or series in this store.");
    const binary = Buffer.isBuffer(answer);
    response.writeHead(200, { "Content-Type": binary ? "application/vnd.ordo.series" : "application/json", "Cache-Control": "no-cache" });
    response.end(binary ? answer : JSON.stringify(answer));
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  const send = (name, event, data) => {
    for (const stream of streams) if (event === "studies" || stream.name === name) stream.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`, log, studies,
    /** Changes a study by `change` and tells everyone who listens. */
    tell(name, change) {
      const one = named(name);
      change(one);
      ++one.revision;
      send(name, "studies", { revision: String(one.revision), studies: [info(one)], gone: [] });
      send(name, "study", { name, revision: String(one.revision), study: info(one),
        runs: one.runs.map((run, index) => ({ index, variant: run.variant, seed: run.seed, status: run.status, ...runInfo(one, run) })) });
    },
    /** Breaks all streams, and refuses new ones until called with false. */
    refuse(on) {
      refusing = on;
      if (on) for (const { response } of streams) response.destroy();
    },
    listening: () => streams.size,
    close: () => { server.closeAllConnections(); return new Promise((done) => server.close(done)); },
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { url } = await serve({ port: Number(process.argv[2] ?? 8701) });
  console.log(url);
}
