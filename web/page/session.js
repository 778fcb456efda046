// Who is signed in, in this window only: the tokens live in sessionStorage and end with the window. A refresh token serves
// once, so one refresh at a time.
const key = "finco.session";
const signInQuery = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { accessToken expiresAt refreshToken user { id name role team { id } } }
}`;
const refreshQuery = `mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) { accessToken expiresAt refreshToken user { id name role team { id } } }
}`;
const signOutQuery = `mutation SignOut { signOut(input: {}) { signedOut } }`;

/** The session of this window, or null. */
export function session() {
  return JSON.parse(sessionStorage.getItem(key) ?? "null");
}

function keep(value) {
  if (value) sessionStorage.setItem(key, JSON.stringify(value));
  else sessionStorage.removeItem(key);
  window.dispatchEvent(new Event("finco-session"));
  return value;
}

async function post(query, variables, token) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json;q=0.9" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const body = await answer.json();
  if (body.errors?.length) throw Object.assign(new Error(body.errors[0].message), { code: body.errors[0].extensions?.code });
  return body.data;
}

/** Signs in; throws with the server's own words. */
export async function signIn(email, password) {
  return keep((await post(signInQuery, { input: { email, password } })).signIn);
}

const miniAppQuery = `mutation SignInWithTelegram($input: SignInWithTelegramInput!) {
  signInWithTelegram(input: $input) { accessToken expiresAt refreshToken user { id name role team { id } } }
}`;

/**
 * Takes what Telegram left behind the # of the address: a token after Log In With Telegram, what the bot's Mini App was opened
 * with, or the name of a text that says why nobody was signed in, which is returned. The address forgets it at once. A token
 * counts only in the browser that went to Telegram for it: somebody's link would sign whoever follows it in as that somebody.
 */
export async function arrive() {
  const left = new URLSearchParams(location.hash.slice(1));
  const [refreshToken, initData, problem] = ["signin", "tgWebAppData", "telegram"].map((name) => left.get(name));
  if (!refreshToken && !initData && !problem) return "";
  history.replaceState(null, "", location.pathname + location.search);
  const arrived = document.cookie.split("; ").includes(`finco_arrival=${left.get("arrival")}`);
  document.cookie = "finco_arrival=; Max-Age=0; Path=/";
  if (refreshToken && !arrived) return "telegramFailed";
  try {
    if (refreshToken) keep((await post(refreshQuery, { input: { refreshToken } })).refreshSession);
    else if (initData && !session()) keep((await post(miniAppQuery, { input: { initData } })).signInWithTelegram);
  } catch (e) {
    return e.code === "UNAUTHENTICATED" ? "telegramFailed" : "telegramBusy";
  }
  return { failed: "telegramFailed", unknown: "telegramUnknown", busy: "telegramBusy" }[problem] ?? "";
}

export async function signOut() {
  const current = await token();
  keep(null);
  if (current) await post(signOutQuery, {}, current).catch(() => {});
}

let refreshing = null;

/** A token that is good for the next half minute, or null if nobody is signed in. */
export async function token() {
  const now = session();
  if (!now) return null;
  if (Date.parse(now.expiresAt) - Date.now() > 30_000) return now.accessToken;
  refreshing ??= refresh(now).finally(() => { refreshing = null; });
  return (await refreshing)?.accessToken ?? null;
}

async function refresh(now) {
  try {
    return keep((await post(refreshQuery, { input: { refreshToken: now.refreshToken } })).refreshSession);
  } catch (e) {
    if (e.code === "UNAUTHENTICATED") return keep(null); // refused, as opposed to failed
    throw e;
  }
}

/** The data that a query gives to whoever is signed in. */
export async function ask(query, variables) {
  return post(query, variables, await token());
}

/** Joins a page's sign-in form, its line about who is signed in and its place for a problem to the session. */
export function bindSession(texts, changed) {
  const form = document.getElementById("signin");
  const line = document.getElementById("session");
  const problem = document.getElementById("problem");
  const tell = (text) => { problem.textContent = text; problem.hidden = !text; };
  const show = () => {
    const now = session();
    form.hidden = Boolean(now);
    line.hidden = !now;
    if (now) line.firstElementChild.textContent = `${texts.signedIn} ${now.user.name}${roleOf(now, texts)}`;
    changed(now);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell("");
    try {
      await signIn(form.elements.email.value.trim(), form.elements.password.value);
      form.reset();
    } catch (e) {
      tell(e.code ? e.message : texts.failed);
    }
  });
  document.getElementById("signout").addEventListener("click", () => signOut().catch(() => {}));
  window.addEventListener("finco-session", show);
  show();
  arrive().then((name) => name && tell(texts[name]));
}

function roleOf(now, texts) {
  const role = now.user.role?.toLowerCase();
  return role ? `, ${texts[role] ?? role}` : "";
}
