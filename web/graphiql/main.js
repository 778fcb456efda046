// GraphiQL with FinCo's sign-in and ready queries; vendor.mjs bundles it, with what it imports, into gen.
import React from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import "graphiql/graphiql.css";
import { ask, bindSession, session, token } from "../page/session.js";

const { texts, roles } = JSON.parse(document.getElementById("data").textContent);
const ready = new Map(roles.flatMap((r) => r.queries ?? []).map((q) => [q.name, q]));
const root = createRoot(document.getElementById("graphiql"));
const select = document.getElementById("ready");

// month is a period such as 2026-09: this month, or so many before.
function month(before) {
  const now = new Date();
  const day = new Date(now.getFullYear(), now.getMonth() - before, 1);
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}`;
}

// toCorrect is the newest judgement of quality on somebody else's message: nobody reviews what they wrote themselves.
async function toCorrect(me) {
  const { analyses } = await ask(`{
    analyses(first: 30, where: { kind: QUALITY }, orderBy: { field: CREATED_AT, direction: DESC }) {
      edges { node { id message { sender { ... on User { id } } } } }
    }
  }`);
  return analyses.edges.find((e) => e.node.message.sender?.id !== me)?.node.id ?? "";
}

// variablesOf fills a ready query's variables with what fits the day and the person.
async function variablesOf(query) {
  const user = session()?.user;
  let text = query.variables ?? "";
  if (user && text.includes("{analysis}")) text = text.replaceAll("{analysis}", await toCorrect(user.id).catch(() => ""));
  return text.replaceAll("{thisMonth}", month(0)).replaceAll("{lastMonth}", month(1))
    .replaceAll("{me}", user?.id ?? "").replaceAll("{myTeam}", user?.team?.id ?? "");
}

let socket = null;

// fetcher sends the token of whoever is signed in with each request and each socket; a header written by hand goes first.
function fetcher() {
  socket?.dispose();
  const url = new URL("/graphql", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  socket = createClient({
    url: url.href,
    connectionParams: async () => {
      const current = await token();
      return current ? { Authorization: `Bearer ${current}` } : {};
    },
  });
  return createGraphiQLFetcher({
    url: "/graphql",
    wsClient: socket,
    fetch: async (address, options) => {
      const headers = new Headers(options.headers);
      const current = headers.has("Authorization") ? null : await token();
      if (current) headers.set("Authorization", `Bearer ${current}`);
      return fetch(address, { ...options, headers });
    },
  });
}

const state = { who: undefined, generation: 0, fetcher: null, chosen: ready.get(new URLSearchParams(location.search).get("ready")) };

// render shows GraphiQL afresh. Its new key makes it ask for the schema again: what one may see of it depends on who one is.
async function render() {
  const generation = ++state.generation;
  const props = { key: generation, fetcher: state.fetcher, shouldPersistHeaders: false, isHeadersEditorEnabled: true, defaultEditorToolsVisibility: true };
  if (state.chosen) {
    props.query = state.chosen.query;
    props.variables = await variablesOf(state.chosen);
  }
  // Nobody may see the schema without a sign-in: null keeps GraphiQL from asking.
  if (state.who === null) props.schema = null;
  if (generation === state.generation) root.render(React.createElement(GraphiQL, props));
}

select.value = state.chosen?.name ?? "";
select.addEventListener("change", () => {
  if (!ready.has(select.value)) return;
  state.chosen = ready.get(select.value);
  history.replaceState(null, "", `?ready=${state.chosen.name}`);
  render();
});

bindSession(texts, (now) => {
  const who = now?.user.id ?? null;
  if (who === state.who) return; // the same person with a new token
  state.who = who;
  state.fetcher = fetcher();
  render();
});
