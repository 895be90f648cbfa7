import assert from "node:assert/strict";
import test from "node:test";
import { greeting } from "./greeting.js";

test("the greeting starts with Hello", () => assert.match(greeting, /^Hello/));
