// Shows a visitor what their segments say, without a reload. On a page:
//   <script src="https://events.shop.example/audiencekit.js" data-write-key="…" async></script>
//   <div data-audience-slot="home_hero"><h2 data-audience-field="headline">Welcome</h2></div>
// It fills window.audiencekit = {segments, messages, recommendations}, pushes the same to window.dataLayer, and fires audiencekit:change.
(() => {
  const script = document.currentScript;
  const server = new URL(script.src).origin;
  const key = script.dataset.writeKey;
  // After an event the answer changes within a second, rarely later; a visitor who does nothing is asked about less often.
  const AFTER_EVENT = [150, 400, 900, 2500], OTHERWISE = 5000;
  const state = (window.audiencekit = { segments: [], messages: {}, recommendations: {}, isKnown: false, refresh });
  let shown = "", timers = [];

  // The id that the page gives, or that the library of Segment or RudderStack has for the visitor.
  function visitor() {
    if (script.dataset.anonymousId) return script.dataset.anonymousId;
    const kept = localStorage.getItem("ajs_anonymous_id") || cookie("ajs_anonymous_id");
    const { rudderanalytics: rudder } = window;
    if (!kept) return (rudder && rudder.getAnonymousId && rudder.getAnonymousId()) || "";
    try {
      return String(JSON.parse(kept));
    } catch {
      return kept;
    }
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((each) => each.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  async function refresh() {
    const id = visitor();
    if (!id) return;
    const query = new URLSearchParams({ anonymous_id: id, write_key: key });
    let answer;
    try {
      const response = await fetch(`${server}/v1/personalize?${query}`);
      if (!response.ok) return;
      answer = await response.json();
    } catch {
      return; // The page stays as it is.
    }
    const { segments, messages, recommendations, is_known: isKnown } = answer;
    const now = JSON.stringify([segments, messages, recommendations, isKnown]);
    if (now === shown) return;
    shown = now;
    Object.assign(state, { segments, messages, recommendations, isKnown });
    (window.dataLayer = window.dataLayer || []).push({ event: "audiencekit", segments });
    document.querySelectorAll("[data-audience-slot]").forEach(show);
    document.dispatchEvent(new CustomEvent("audiencekit:change", { detail: state }));
  }

  // What the page had in a field before, so that it comes back when no message is left.
  const before = new WeakMap();

  function show(block) {
    const message = state.messages[block.dataset.audienceSlot];
    block.dataset.audienceMessage = message ? message.message_code : "";
    block.querySelectorAll("[data-audience-field]").forEach((field) => {
      const isImage = field instanceof HTMLImageElement;
      const name = isImage ? "src" : "textContent";
      if (!before.has(field)) before.set(field, isImage ? field.getAttribute("src") : field.textContent);
      const value = message && message[field.dataset.audienceField];
      const next = message ? value || "" : before.get(field) || "";
      // Text only: a message cannot bring markup or scripts onto the page.
      if (isImage) next ? field.setAttribute("src", next) : field.removeAttribute("src");
      else field[name] = next;
      field.hidden = !next;
    });
  }

  function afterEvent() {
    timers.forEach(clearTimeout);
    timers = AFTER_EVENT.map((wait) => setTimeout(refresh, wait));
  }

  function listen() {
    const { analytics } = window;
    if (analytics && analytics.on) ["track", "page", "identify", "reset"].forEach((e) => analytics.on(e, afterEvent));
  }

  document.addEventListener("audiencekit:event", afterEvent);
  setInterval(() => document.hidden || refresh(), OTHERWISE);
  document.readyState === "complete" ? listen() : addEventListener("load", listen);
  refresh();
})();
