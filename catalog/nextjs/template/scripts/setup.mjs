// Writes .env from .env.example, with new secrets. An existing .env is not changed.
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const secret = () => randomBytes(32).toString("base64url");

/** New values of settings. */
const values = {
  // Settings that are not here keep the value of .env.example.
};

// The password of the development database is in several settings.
const password = randomBytes(16).toString("hex");
const lines = readFileSync(".env.example", "utf8").replaceAll("change-me", password).split("\n");
const filled = lines.map((line) => {
  const [name] = line.split("=");
  return name in values ? `${name}=${values[name]}` : line;
});

try {
  writeFileSync(".env", filled.join("\n"), { flag: "wx", mode: 0o600 });
} catch (error) {
  if (error.code !== "EEXIST") {
    throw error;
  }
  console.error(".env exists already. Remove it first to write a new one.");
  process.exit(1);
}
console.log("Wrote .env with new secrets.");
