// What the job does: the statements and the call of job-billing-execute-charge, as a service in Node.js makes them.
//
// Where the two differ, it is in this one's favour. The card's token and the terminal's name come in the clear, where the function
// opens AES-256-GCM envelopes. BullMQ keeps the job's state in Redis, so nothing takes the job's row and nothing ends it.
import { randomBytes } from "node:crypto";
import http from "node:http";
import pg from "pg";

// columns of the claim's answer
const [CLAIMED, AMOUNT, INSTALLMENTS, PAYER, EXP_MONTH, EXP_YEAR] = [8, 9, 10, 11, 13, 14];

export class Collector {
  constructor({ database, statements, provider }, workers) {
    this.pool = new pg.Pool({ connectionString: database, max: workers, idleTimeoutMillis: 0 });
    this.agent = new http.Agent({ keepAlive: true });
    this.statements = statements;
    this.provider = provider;
  }

  async close() {
    this.agent.destroy();
    await this.pool.end();
  }

  // collect is claim and commit, provider, approve and commit.
  async collect({ org, charge }) {
    const attempt = uuidv7();
    const key = `fk-${attempt.replaceAll("-", "")}`;
    const claim = await this.inOrg(org, ["claim", [charge], [attempt], [key], [0], "8s", 4, 10]);
    if (!claim?.[CLAIMED]) throw new Error(`charge ${charge} was not claimed`);
    const answer = await this.charge(claim, key);
    if (answer.ResponseCode !== 0 || Math.round(answer.Amount * 100) !== Number(claim[AMOUNT])) {
      throw new Error(`the provider answered ${answer.ResponseCode} to charge ${charge}`);
    }
    const code = String(answer.ResponseCode).padStart(3, "0");
    const txn = String(answer.TranzactionId);
    const paid = await this.inOrg(
      org,
      ["approve", [attempt], [txn], [code], [claim[AMOUNT]]],
      ["too_late", [attempt], [txn], [answer.Amount.toFixed(2)]],
      ["is_first", [attempt]],
    );
    if (Number(paid?.[0]) !== 1) throw new Error(`charge ${charge} was not approved`);
  }

  // inOrg runs statements in a transaction of the studio's and answers the first one's row. Each query waits for the one before.
  async inOrg(org, ...statements) {
    const client = await this.pool.connect();
    let failed;
    try {
      await client.query("BEGIN");
      await this.run(client, "enter", org, "bench");
      const rows = [];
      for (const statement of statements) rows.push(await this.run(client, ...statement));
      await client.query("COMMIT");
      return rows[0];
    } catch (error) {
      failed = error;
      throw error;
    } finally {
      client.release(failed); // a connection that failed is closed, and its transaction with it
    }
  }

  // run answers the first row of a statement that its connection prepares once.
  async run(client, name, ...values) {
    const { rows } = await client.query({ name, text: this.statements[name], values, rowMode: "array" });
    return rows[0];
  }

  // charge asks the provider for the money, as shared/cardcom does.
  async charge(claim, key) {
    const { url, terminal, apiName, token } = this.provider;
    return post(this.agent, url, {
      TerminalNumber: terminal,
      ApiName: apiName,
      Amount: Number(claim[AMOUNT]) / 100,
      Token: token,
      CardExpirationMMYY: two(claim[EXP_MONTH]) + two(claim[EXP_YEAR] % 100),
      NumOfPayments: Math.max(claim[INSTALLMENTS], 1),
      ExternalUniqTranId: key,
      ExternalUniqUniqTranIdResponse: true,
      ISOCoinId: 1,
      CardOwnerInformation: { FullName: claim[PAYER] },
    });
  }
}

const two = (n) => String(n).padStart(2, "0");

// post sends body as JSON and reads the answer, on a connection that is kept.
function post(agent, url, body) {
  const text = Buffer.from(JSON.stringify(body));
  const headers = { "Content-Type": "application/json", "Content-Length": text.length };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST", agent, headers, timeout: 10_000 }, async (response) => {
      try {
        const parts = [];
        for await (const part of response) parts.push(part);
        resolve(JSON.parse(Buffer.concat(parts)));
      } catch (error) {
        reject(error);
      }
    });
    request.on("timeout", () => request.destroy(new Error("the provider did not answer")));
    request.on("error", reject);
    request.end(text);
  });
}

// uuidv7 is an id that begins with the time, as ours do: an index takes those at its end.
function uuidv7() {
  const time = Date.now().toString(16).padStart(12, "0");
  const rest = randomBytes(10);
  rest[0] = (rest[0] & 0x0f) | 0x70;
  rest[2] = (rest[2] & 0x3f) | 0x80;
  const hex = time + rest.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
