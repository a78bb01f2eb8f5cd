// Builds dist/PAGE.html, PAGE being the mode, `report` or `board`: one file with style and script
// inside, and a content security policy that allows exactly those by their hashes. Charts are
// written as Vega-Lite (*.vl.json) and compiled to Vega here, so that a report carries only Vega's
// runtime.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { compile, type TopLevelSpec } from "vega-lite";
import { defineConfig, type Plugin } from "vite";

function vegaLite(): Plugin {
  return {
    name: "vega-lite",
    enforce: "pre",
    load(id) {
      if (!id.endsWith(".vl.json")) return null;
      const spec = JSON.parse(readFileSync(id, "utf8")) as TopLevelSpec;
      return { code: JSON.stringify(compile(spec).spec), moduleType: "json" };
    },
  };
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** What a page may fetch: a report nothing, the board what its own server has. */
const SOURCES: Record<string, string[]> = {
  report: [],
  board: ["connect-src 'self'", "img-src 'self' data:", "frame-src 'self'"],
};

function onePage(name: string): Plugin {
  return {
    name: "one-page",
    enforce: "post",
    generateBundle(_options, bundle) {
      let script = "";
      let style = "";
      for (const [file, part] of Object.entries(bundle)) {
        if (part.type === "chunk") script += part.code;
        else if (file.endsWith(".css")) style += String(part.source);
        delete bundle[file];
      }
      // Inside <script> an HTML parser looks for these two; in JavaScript's strings and regular
      // expressions, the only places where a minifier leaves them, the backslash changes nothing.
      script = script.replace(/<\/script/gi, "<\\/script").replace(/<!--/g, "<\\!--");
      const policy = [
        "default-src 'none'", `script-src ${hashOf(script)}`, `style-src ${hashOf(style)}`,
        ...(SOURCES[name] ?? []), "base-uri 'none'", "form-action 'none'",
      ].join("; ");
      const parts: Record<string, string> = { policy, style, script };
      const page = readFileSync(`src/${name}.html`, "utf8").replace(
        /\{\{web:(\w+)\}\}/g, (_mark, part: string) => parts[part] ?? "");
      this.emitFile({ type: "asset", fileName: `${name}.html`, source: page });
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [vegaLite(), onePage(mode)],
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    emptyOutDir: false,  // the other page stands there too
    rolldownOptions: { input: `src/${mode}.tsx`, output: { format: "iife", codeSplitting: false } },
  },
}));
