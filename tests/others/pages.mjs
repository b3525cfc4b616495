// HTML pages through html-validate's recommended rules: node pages.mjs FOLDER, complaints by file as JSON.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { HtmlValidate } from "html-validate";

const validate = new HtmlValidate({
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
});
const folder = process.argv[2];
const found = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith(".html"))) {
  const report = await validate.validateString(readFileSync(join(folder, file), "utf8"), file);
  found[file] = report.results.flatMap((result) =>
    result.messages.map((one) => `${one.line}:${one.column} ${one.ruleId}: ${one.message}`),
  );
}
console.log(JSON.stringify(found));
