// Serves the local SQS on 127.0.0.1 only: node serve.mjs <port> <region> <account>.
// fauxqs's own command listens on every address and logs each request, so this asks its
// library for the application and listens itself.
import { buildApp } from "fauxqs";
import { SqsStore } from "./node_modules/fauxqs/dist/sqs/sqsStore.js";

const port = Number(process.argv[2]);
const [region, account] = process.argv.slice(3);

// A queue has one URL whatever name the caller has for this machine.
const sqsStore = new SqsStore();
sqsStore.buildQueueUrl = (name) => `http://127.0.0.1:${port}/${account}/${name}`;

const app = buildApp({ logger: false, defaultRegion: region, stores: { sqsStore } });

// fauxqs takes the region from the caller's signature; a client with another one would
// silently get queues of its own under the same name.
app.addHook("onRequest", async (request) => {
  delete request.headers.authorization;
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => app.close().then(() => process.exit(0)));
}
await app.listen({ host: "127.0.0.1", port });
