// Reads a password from standard input and prints the value for AUTH_PASSWORD_HASH.
import { randomBytes, scryptSync } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

const N = 2 ** 15;
const r = 8;
const p = 3;

// Discards the echo, so that the password does not appear on the screen.
const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
const prompt = createInterface({
  input: process.stdin,
  output: discard,
  terminal: process.stdin.isTTY,
});
process.stderr.write("Password: ");
const password = await prompt.question("");
prompt.close();
process.stderr.write("\n");

if (password.length < 12) {
  console.error("Use at least 12 characters.");
  process.exit(1);
}
const salt = randomBytes(16);
const key = scryptSync(password.normalize("NFKC"), salt, 32, { N, r, p, maxmem: 2 ** 27 });
console.log(["scrypt", N, r, p, salt.toString("base64url"), key.toString("base64url")].join(":"));
