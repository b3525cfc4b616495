// MJML documents through the official compiler in strict mode: node mjml.mjs FOLDER, complaints by file as JSON.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import mjml2html from "mjml";

const folder = process.argv[2];
const found = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith(".mjml"))) {
  try {
    mjml2html(readFileSync(join(folder, file), "utf8"), { validationLevel: "strict" });
    found[file] = [];
  } catch (error) {
    found[file] = (error.errors ?? [error]).map((one) => one.formattedMessage ?? one.message);
  }
}
console.log(JSON.stringify(found));
