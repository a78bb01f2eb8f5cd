// Builds dist/report.html: one file with style and script inside, and a content security policy
// that allows exactly those by their hashes. Charts are written as Vega-Lite (*.vl.json) and
// compiled to Vega here, so that a report carries only Vega's runtime.
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

function onePage(): Plugin {
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
        "base-uri 'none'", "form-action 'none'",
      ].join("; ");
      const parts: Record<string, string> = { policy, style, script };
      const page = readFileSync("src/report.html", "utf8").replace(
        /\{\{web:(\w+)\}\}/g, (_mark, name: string) => parts[name] ?? "");
      this.emitFile({ type: "asset", fileName: "report.html", source: page });
    },
  };
}

export default defineConfig({
  plugins: [vegaLite(), onePage()],
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: { input: "src/report.tsx", output: { format: "iife", codeSplitting: false } },
  },
});
