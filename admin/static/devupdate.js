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
