// Pages work without this; it only makes them nicer to use.
"use strict";

// "Select all" of a table with check boxes: shown only where it can work.
for (const all of document.querySelectorAll("input[data-all]")) {
  const boxes = () => all.closest("form").querySelectorAll(`input[type=checkbox][name="${all.dataset.all}"]`);
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    all.closest("form").dispatchEvent(new Event("change"));
  });
}

// Buttons that need a chosen row, and what each needs of it: data-needs="pending" on the button, data-can="pending restore" on
// the box.
for (const form of document.querySelectorAll("form[data-choose]")) {
  const update = () => {
    const chosen = [...form.querySelectorAll(`input[type=checkbox][name="${form.dataset.choose}"]:checked`)];
    for (const button of form.querySelectorAll("button[data-needs]")) {
      const need = button.dataset.needs;
      button.disabled = !chosen.some((box) => !need || (box.dataset.can || "").split(" ").includes(need));
    }
  };
  form.addEventListener("change", update);
  update();
}

// A form with a file: progress while it is sent, and a way to stop. The page that follows is the same as without this.
for (const form of document.querySelectorAll("form[data-upload]")) {
  const shown = form.querySelector("[data-progress]");
  const failure = form.querySelector("[data-failure]");
  const stop = form.querySelector("[data-stop]");
  const fail = (text) => {
    failure.hidden = false;
    failure.firstElementChild.textContent = text;
  };
  const sending = (is) => {
    shown.hidden = stop.hidden = !is;
    form.querySelector("button.main").disabled = is;
  };
  form.addEventListener("submit", (event) => {
    const request = new XMLHttpRequest();
    event.preventDefault();
    failure.hidden = true;
    sending(true);
    request.upload.addEventListener("progress", (sent) => {
      const percent = sent.total ? Math.floor((sent.loaded * 100) / sent.total) : 0;
      shown.querySelector("progress").value = percent;
      shown.querySelector("span").textContent = `${percent} %`;
    });
    request.addEventListener("loadend", () => {
      const answer = request.response || {};
      sending(false);
      if (request.status === 200 && answer.job) location.assign(`packages?job=${encodeURIComponent(answer.job)}`);
      else if (request.status) fail(answer.message || `${request.status} ${request.statusText}`);
    });
    stop.onclick = () => request.abort();
    request.open("POST", form.getAttribute("action"));
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
  });
}

// A page that renews itself: what is marked data-live is exchanged for what the page says now, so that nobody loses their
// place in the rest of it. When there is nothing more to wait for, the page is loaded anew, and when it was the page of a
// store that is away and waits for something else now.
const waiting = document.querySelector("main[data-refresh]");
if (waiting) {
  const renew = async () => {
    const answer = await fetch(location.href).catch(() => null);
    const now = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = now ? [...now.querySelectorAll("[data-live]")] : [];
    const shown = document.querySelectorAll("[data-live]");
    if (now && (!now.querySelector("main[data-refresh]") || parts.length > shown.length)) location.replace(location.href);
    else shown.forEach((part, n) => parts[n] && part.replaceWith(parts[n]));
    setTimeout(renew, waiting.dataset.refresh * 1000);
  };
  setTimeout(renew, waiting.dataset.refresh * 1000);
}
