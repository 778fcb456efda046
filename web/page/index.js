import { bindSession, signIn } from "./session.js";

const { texts } = JSON.parse(document.getElementById("data").textContent);

// The demo's sign-ins are public; they are offered only where the server says that it serves the demo.
const demoPeople = [["jasur", "employee"], ["aziza", "supervisor"], ["zulfiya", "accountant"], ["rustam", "admin"]];

const words = {
  ok: [texts.ok, "good"],
  "in order": [texts.ok, "good"],
  unreachable: [texts.unreachable, "bad"],
  connecting: [texts.connecting, "busy"],
  "in other processes": [texts.elsewhere, "good"],
  running: [texts.running, "good"],
  restarting: [texts.restarting, "busy"],
  out_of_service: [texts.outOfService, "bad"],
  loading: [texts.loading, "busy"],
  ready: [texts.ready, "good"],
};

const telegram = {
  off: [texts.telegramOff, ""],
  "in other processes": [texts.elsewhere, "good"],
  waiting: [texts.telegramWaiting, "good"],
  starting: [texts.connecting, "busy"],
  polling: [texts.telegramPolling, "good"],
  webhook: [texts.telegramWebhook, "good"],
  refused: [texts.telegramRefused, "bad"],
  conflict: [texts.telegramConflict, "bad"],
  silence: [texts.telegramSilence, "busy"],
  "no answer": [texts.telegramAway, "bad"],
};

// showTelegram writes how the bot does; what the server adds after the word is for whoever points at it.
function showTelegram(state) {
  const [word] = state.split(":");
  const [text, look] = telegram[word] ?? [state, "bad"];
  put("telegram", text, look);
  document.querySelector('[data-status="telegram"]').title = state === word ? "" : state;
}

// say writes what the server said of a part: in the reader's language where there are words for it, else as it is.
function say(name, value) {
  const [text, look] = words[value] ?? [value, "bad"];
  put(name, text, look);
}

function put(name, text, look) {
  const field = document.querySelector(`[data-status="${name}"]`);
  field.textContent = text;
  field.className = look;
}

function showAnalyzers(list) {
  if (!list?.length) return put("analyzers", texts.noAnalyzers, "busy");
  const field = document.querySelector('[data-status="analyzers"]');
  field.className = "";
  const rows = document.createElement("ul");
  for (const a of list) {
    const row = document.createElement("li");
    const [text, look] = words[a.state] ?? [a.state, "bad"];
    row.className = look;
    row.textContent = `${[a.name, a.version.split("+")[0]].filter(Boolean).join(" ")}: ${text}`; // one that never started has no version
    row.title = a.version; // with the sums of its models
    rows.append(row);
  }
  field.replaceChildren(rows);
}

async function refresh() {
  try {
    const state = await (await fetch("/readyz", { cache: "no-store" })).json();
    put("ready", state.ready ? texts.ready : texts.notReady, state.ready ? "good" : "bad");
    for (const name of ["database", "events", "workers"]) say(name, state[name]);
    showTelegram(state.telegram);
    say("files", state.files);
    put("company", state.company ? texts.companyYes : texts.companyNo, state.company ? "good" : "busy");
    if (state.demo) say("demo", state.demo);
    else put("demo", texts.demoNo, "");
    showAnalyzers(state.analyzers);
    document.getElementById("demo-signins").hidden = !state.demo;
    document.getElementById("next").hidden = state.company || Boolean(state.demo) || !state.ready;
  } catch {
    put("ready", texts.silent, "bad");
  }
}

function offerDemo() {
  const place = document.querySelector("#demo-signins span");
  for (const [name, role] of demoPeople) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${name}@ (${texts[role]})`;
    button.addEventListener("click", async () => {
      const problem = document.getElementById("problem");
      problem.hidden = true;
      try {
        await signIn(`${name}@demo.example`, `savdo-${name}-2026`);
      } catch (e) {
        problem.textContent = e.code ? e.message : texts.failed;
        problem.hidden = false;
      }
    });
    place.append(button);
  }
}

bindSession(texts, (now) => {
  for (const group of document.querySelectorAll("[data-role]")) {
    group.classList.toggle("mine", group.dataset.role === now?.user.role?.toLowerCase());
  }
});
offerDemo();
refresh();
setInterval(refresh, 3000);
