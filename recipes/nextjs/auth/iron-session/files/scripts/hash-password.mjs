// Reads a password from standard input and prints the value for AUTH_PASSWORD_HASH.
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { hashPassword } from "./password-hash.mjs";

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
console.log(hashPassword(password));
