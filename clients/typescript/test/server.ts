import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import { FitKit, type ClientOptions } from "../src/index.js";

/** What the server was asked. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export type Answer = (response: ServerResponse, seen: Seen) => void;

/** json answers with a body. */
export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => (response) => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};

/** problem refuses with a code. */
export const problem = (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  json(status, { type: `https://docs.fitkit.example/errors#${code}`, title: "No.", title_he: "לא.", status, code, correlation_id: "c-1" }, headers);

/** cut ends the connection without an answer. */
export const cut: Answer = (response) => void response.socket?.destroy();

/** cutBody ends the connection in the middle of an answer. */
export const cutBody: Answer = (response) => {
  response.writeHead(201, { "content-length": "100" });
  response.write('{"id":', () => response.socket?.destroy());
};

/** Serves the answers one after the other, the last one for ever, and a client that does not wait between attempts. */
export async function serve(t: TestContext, answers: Answer[], options: Partial<ClientOptions> = {}) {
  const seen: Seen[] = [];
  const waits: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      (answers[Math.min(seen.length, answers.length) - 1] as Answer)(response, one);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wait = async (ms: number) => void waits.push(ms);
  return { seen, waits, baseUrl, client: new FitKit({ baseUrl, wait, ...options }) };
}
