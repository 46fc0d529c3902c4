// A BullMQ worker as the old stack ran them: one process that takes jobs from Redis, so many at once, and collects a charge with
// each (docs/decisions/024).
//
// The first line on stdin says where everything is; each one after it is a list of charges and how many to work on at once, and is
// answered by a line that says how many were collected a second. The end of stdin ends the process.
import { createInterface } from "node:readline";
import { Queue, Worker } from "bullmq";
import { Collector } from "./charge.mjs";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const setup = JSON.parse((await lines.next()).value);
const connection = { url: setup.redis };
const name = "billing-execute-charge";
const queue = new Queue(name, { connection });
const collectors = {}; // by how many work at once: each has as many connections

// collectAll feeds the queue, lets a worker have it, and answers charges a second. The worker comes with each list, so that it
// waits for nothing while others are measured; the process, its code and its connections to PostgreSQL stay warm.
async function collectAll({ workers, charges }) {
  const collector = (collectors[workers] ??= new Collector(setup, workers));
  const watch = new Stopwatch(workers, charges.length);
  const work = async (job) => {
    await collector.collect(job.data);
    watch.lap();
  };
  await queue.addBulk(charges.map((data) => ({ name: "charge", data })));
  const worker = new Worker(name, work, {
    connection,
    autorun: false,
    concurrency: workers,
    removeOnComplete: { count: 0 }, // the cheapest
  });
  await worker.waitUntilReady();
  await new Promise((resolve, reject) => {
    watch.done = resolve;
    worker.on("failed", (_, error) => reject(error));
    worker.on("error", reject);
    worker.run().catch(reject);
  });
  await worker.close(); // after the jobs that still report their end
  return watch.rate();
}

// Stopwatch is the bench's own: it leaves out the first two laps of each worker.
class Stopwatch {
  constructor(workers, want) {
    Object.assign(this, { skip: 2 * workers, want, laps: 0 });
  }

  lap() {
    this.laps++;
    if (this.laps === this.skip) this.began = process.hrtime.bigint();
    if (this.laps === this.want) {
      this.end = process.hrtime.bigint();
      this.done();
    }
  }

  rate() {
    return ((this.want - this.skip) * 1e9) / Number(this.end - this.began);
  }
}

for await (const line of lines) {
  console.log(JSON.stringify({ rate: await collectAll(JSON.parse(line)) }));
}
await queue.close();
for (const collector of Object.values(collectors)) await collector.close();
