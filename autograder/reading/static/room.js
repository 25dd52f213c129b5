// The desk of the reading room: criteria, points, keys. Pages work by links and forms; this saves decisions.
"use strict";

const desk = document.getElementById("desk");
const SAID = "autograder-said";

function say(text, wrong) {
  const status = document.getElementById("status");
  status.className = wrong ? "wrong" : "";
  status.textContent = text;
  if (!wrong) setTimeout(() => { if (status.textContent === text) status.textContent = ""; }, 6000);
}

function go(url, text) {
  sessionStorage.setItem(SAID, text);
  location.assign(url);
}

async function send(method, path, body) {
  const { root, xsrf } = document.body.dataset;
  try {
    const answer = await fetch(`${root}/api/${path}`, {
      method,
      headers: { "Content-Type": "application/json", "X-XSRFToken": xsrf },
      body: JSON.stringify(body),
    });
    const type = answer.headers.get("Content-Type") || "";
    const found = type.includes("json") ? await answer.json() : { message: `The server said ${answer.status}.` };
    return { code: answer.status, ...found };
  } catch {
    return { code: 0, message: "The server does not answer. Nothing is saved; try again." };
  }
}

if (desk) {
  const buttons = [...document.querySelectorAll(".criterion")];
  const levels = [...document.querySelectorAll(".level")];
  const points = document.getElementById("points");
  const comment = document.getElementById("comment");
  const total = document.getElementById("total");
  const group = JSON.parse(desk.dataset.group);
  const before = { comment: comment.value, points: points.value };
  const steps = []; // what `u` takes back before anything is saved
  let asked = false; // that undecided criteria count as not met

  const state = (button) => button.getAttribute("aria-pressed");
  const most = Number(desk.dataset.max);
  const rounded = (number) => String(Math.round(number * 100) / 100);

  function set(button, pressed) {
    button.setAttribute("aria-pressed", pressed);
    const name = { true: "met", false: "unmet", mixed: "open" }[pressed];
    button.className = `${button.classList[0]} ${name}`;
    const verdict = button.querySelector(".verdict");
    if (verdict) verdict.textContent = { met: "met", unmet: "not met", open: "not decided" }[name];
  }

  // Points as they stand: typed in, else what the criteria add up to, else the level; NaN if none of it.
  function current() {
    const typed = points.value.trim().replace(",", ".");
    if (typed) return Number(typed);
    if (buttons.length) {
      return buttons.filter((b) => state(b) === "true").reduce((sum, b) => sum + Number(b.dataset.points), 0);
    }
    const level = levels.find((b) => state(b) === "true");
    return level ? Number(level.dataset.level) : NaN;
  }

  function show() {
    const now = current();
    total.textContent = Number.isNaN(now) ? "–" : rounded(now);
  }

  function touched() {
    return steps.length > 0 || comment.value !== before.comment || points.value !== before.points;
  }

  function toggle(button) {
    steps.push([button, state(button)]);
    asked = false;
    if (button.classList.contains("level")) {
      const was = levels.find((b) => state(b) === "true");
      steps[steps.length - 1] = [button, was || null];
      levels.forEach((b) => set(b, "false"));
      set(button, "true");
      button.classList.remove("unmet");
      points.value = "";
    } else {
      set(button, state(button) === "true" ? "false" : "true");
    }
    show();
    const name = button.querySelector(".what").textContent;
    const verdict = button.querySelector(".verdict");
    say(`${name}: ${verdict ? verdict.textContent : "chosen"}. ${total.textContent} of ${rounded(most)} points`);
  }

  function decision(versions) {
    const verdicts = {};
    buttons.forEach((b) => { verdicts[b.dataset.id] = state(b) === "true"; });
    const plain = buttons.length && !points.value.trim();
    return {
      grade_id: desk.dataset.grade,
      versions,
      verdicts,
      points: plain ? null : current(),
      comment: comment.value,
      second: Boolean(desk.dataset.second),
    };
  }

  async function save(versions, next) {
    const now = current();
    if (Number.isNaN(now)) return say("Choose points first.", true);
    if (now < 0 || now > most + 0.001) return say(`Points go from 0 to ${rounded(most)}.`, true);
    const open = buttons.filter((b) => state(b) === "mixed");
    if (open.length && !points.value.trim() && !asked) {
      asked = true;
      const names = open.map((b) => b.querySelector(".what").textContent).join(", ");
      return say(`Not decided: ${names}. Decide, or press again to count it as not met.`, true);
    }
    const found = await send("PUT", "decision", decision(versions));
    if (found.code === 200) {
      const many = found.entered === 1 ? "1 answer" : `${found.entered} answers`;
      return go(next, `Saved: ${rounded(found.points)} points for ${many}. u takes it back.${found.note ? ` (${found.note})` : ""}`);
    }
    if (found.code === 409) return choose(found, versions, next);
    return say(found.message, true);
  }

  // Somebody else was quicker: both decisions, and the reader's choice.
  function choose(found, versions, next) {
    const dialog = document.getElementById("conflict");
    const both = document.getElementById("both");
    const changed = found.conflicts.some((c) => c.changed);
    both.replaceChildren(...found.conflicts.slice(0, 8).map((c) => {
      const line = document.createElement("p");
      const theirs = c.points === null ? "no points" : `${rounded(c.points)} points`;
      const words = c.comment ? `, “${c.comment}”` : "";
      const who = c.changed ? "The answer was graded again since" : `${c.who}${c.at ? `, ${c.at}` : ""}: ${theirs}${words}`;
      line.textContent = `${c.name || "This answer"}. ${who}. You: ${rounded(found.yours)} points.`;
      return line;
    }));
    document.getElementById("mine").hidden = changed;
    document.getElementById("theirs").onclick = () => {
      const left = Object.fromEntries(Object.entries(versions).filter(([k]) => !found.conflicts.some((c) => c.key === k)));
      dialog.close();
      if (changed) return location.reload();
      return Object.keys(left).length ? save(left, next) : go(next, "Theirs stays.");
    };
    document.getElementById("mine").onclick = () => {
      const newer = Object.fromEntries(found.conflicts.map((c) => [c.key, c.version]));
      dialog.close();
      save({ ...versions, ...newer }, next);
    };
    dialog.showModal();
  }

  async function undo() {
    const last = steps.pop();
    if (last) {
      const [button, was] = last;
      if (button.classList.contains("level")) {
        levels.forEach((b) => { set(b, b === was ? "true" : "false"); b.classList.remove("unmet"); });
      } else {
        set(button, was);
      }
      show();
      return say(`Taken back. ${total.textContent} of ${rounded(most)} points`);
    }
    const found = await send("POST", "undo", {});
    if (found.code !== 200) return say(found.message, true);
    return go(found.at, `Taken back for ${found.undone === 1 ? "1 answer" : `${found.undone} answers`}.`);
  }

  const one = () => ({ [desk.dataset.key]: desk.dataset.version });
  const apply = () => save({ ...one(), ...group }, desk.dataset.nextGroup); // the one shown first: undo leads to it
  const next = () => (touched() ? save(one(), desk.dataset.next) : go(desk.dataset.next, ""));

  [...buttons, ...levels].forEach((b) => b.addEventListener("click", () => toggle(b)));
  points.addEventListener("input", () => { asked = false; show(); });
  document.getElementById("apply").addEventListener("click", apply);
  document.getElementById("next").addEventListener("click", next);
  document.getElementById("undo").addEventListener("click", undo);
  document.getElementById("rubric").addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  document.getElementById("keep").addEventListener("click", async () => {
    const found = await send("POST", "remark", { grade_id: desk.dataset.grade, text: comment.value });
    if (found.code !== 200) return say(found.message, true);
    return draw(found.remarks);
  });

  // Comments to use again.
  function draw(remarks) {
    const box = document.getElementById("remarks");
    const keep = document.getElementById("keep");
    box.replaceChildren(...remarks.map((remark) => {
      const [span, use, drop] = ["span", "button", "button"].map((name) => document.createElement(name));
      span.className = "remark";
      use.className = "use";
      drop.className = "drop";
      use.type = drop.type = "button";
      use.textContent = remark.text;
      drop.textContent = "×";
      drop.dataset.id = remark.id;
      drop.setAttribute("aria-label", `Take away: ${remark.text}`);
      span.append(use, drop);
      return span;
    }), keep);
    say("Kept for everybody who reads this question.");
  }

  document.getElementById("remarks").addEventListener("click", async (event) => {
    const { target } = event;
    if (target.classList.contains("use")) {
      comment.value = comment.value.trim() ? `${comment.value.trim()}\n${target.textContent}` : target.textContent;
      say("Added to the comment.");
    } else if (target.classList.contains("drop")) {
      const found = await send("DELETE", "remark", { id: Number(target.dataset.id) });
      if (found.code !== 200) return say(found.message, true);
      target.parentElement.remove();
    }
    return undefined;
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("conflict").open) return;
    const field = ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName);
    if (field) {
      if (event.key === "Escape") { event.target.blur(); event.preventDefault(); }
      return;
    }
    const all = buttons.length ? buttons : levels;
    const act = { a: apply, n: next, u: undo, c: () => comment.focus(), p: () => points.select() }[event.key];
    if (/^[1-9]$/.test(event.key) && all[event.key - 1]) toggle(all[event.key - 1]);
    else if (act) act();
    else return;
    event.preventDefault();
  });

  show();
  const arrived = sessionStorage.getItem(SAID) !== null;
  if (arrived) document.getElementById("shown-name").focus({ preventScroll: true });
}

const said = sessionStorage.getItem(SAID);
sessionStorage.removeItem(SAID);
if (said) say(said);
