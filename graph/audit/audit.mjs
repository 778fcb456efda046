// Audits a server's GraphQL over HTTP with the list of graphql-http: node audit.mjs URL TOKEN. Writes one line of JSON
// per audit: its id, its name (which begins with MUST, SHOULD or MAY), its status ("ok" if passed), and why it failed.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
if (!url || !token) {
  console.error("usage: node audit.mjs URL TOKEN");
  process.exit(2);
}

const fetchFn = (address, init = {}) => fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  console.log(JSON.stringify({ id, name, status, reason }));
}
