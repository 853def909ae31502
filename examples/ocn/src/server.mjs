import http from "node:http";
import { database } from "./database.mjs";
import { onRequest, onStart } from "./fault.mjs";
import { release } from "./release.mjs";
import { Refused, addCustomer, addInvoice, addPayment, addProduct, addTechnician, counts, paymentNumbers } from "./shop.mjs";

function log(level, message, more = {}) {
  const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...more });
  (level === "ERROR" ? console.error : console.log)(line);
}

async function page() {
  const rows = Object.entries(await counts());
  const items = rows.map(([name, count]) => `<tr><td>${name}</td><td>${count}</td></tr>`).join("");
  return `<!doctype html><title>OCN</title><h1>OCN ${release.version}</h1><table>${items}</table>`;
}

async function health() {
  await database.$queryRaw`SELECT 1`;
  return { healthy: true };
}

const reads = {
  "/": page,
  "/health": health,
  "/version": async () => release,
  "/counts": counts,
  "/payments": async (address) => paymentNumbers(Number(address.searchParams.get("from") ?? 0)),
};

const writes = {
  "/customers": addCustomer,
  "/products": addProduct,
  "/technicians": addTechnician,
  "/invoices": addInvoice,
  "/payments": addPayment,
};

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new Refused("the body must be a JSON object");
  }
}

async function answerTo(request) {
  const address = new URL(request.url, "http://localhost");
  await onRequest(address.pathname);
  if (request.method === "GET" && reads[address.pathname]) {
    return [200, await reads[address.pathname](address)];
  }
  if (request.method === "POST" && writes[address.pathname]) {
    const row = await writes[address.pathname](await bodyOf(request));
    return [201, { id: row.id, number: row.number, release: release.version }];
  }
  return [404, { error: "no such page" }];
}

async function handle(request, response) {
  let status, answer;
  try {
    [status, answer] = await answerTo(request);
  } catch (error) {
    status = error instanceof Refused ? 400 : 500;
    answer = { error: status === 400 ? error.message : "internal error" };
    if (status === 500) log("ERROR", "request failed", { path: request.url, code: error.code, error: String(error.message) });
  }
  const words = typeof answer === "string" ? answer : JSON.stringify(answer);
  const kind = typeof answer === "string" ? "text/html; charset=utf-8" : "application/json";
  response.writeHead(status, { "content-type": kind, "content-length": Buffer.byteLength(words), "x-release": release.version });
  response.end(words);
}

const server = http.createServer(handle);
server.listen(Number(process.env.PORT ?? 3000), () => log("INFO", "listening", { port: server.address().port, ...release }));
onStart();

/** What was begun is answered, then the connections are given back. */
function leave(signal) {
  log("INFO", "leaving", { signal });
  server.close(async () => {
    await database.$disconnect();
    process.exit(0);
  });
  server.closeIdleConnections();
}

process.once("SIGTERM", leave);
process.once("SIGINT", leave);
