#!/usr/bin/env node
// NAME: one JSON request a line on standard input, one JSON answer a line on standard output. What it says on standard error comes
// into the log.
import { createInterface } from "node:readline";

// carryOut does what the request says, and gives the answer. Others are carried out meanwhile.
async function carryOut(request) {
  const { text } = request.params;
  if (!request.dry_run) console.error("said:", text); // else everything but the effect
  return { outcome: "ok", output: { said: text } };
}

async function answer(line) {
  let request;
  try {
    request = JSON.parse(line);
    if (request.protocol !== 1) throw new Error("another protocol");
  } catch {
    return { outcome: "permanent", kind: "request", message: "this is no request of protocol 1" };
  }
  try {
    return { id: request.id, ...(await carryOut(request)) };
  } catch (error) {
    return { id: request.id, outcome: "unknown", message: String(error) }; // it may have been done
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  answer(line).then((reply) => process.stdout.write(JSON.stringify(reply) + "\n"));
}
