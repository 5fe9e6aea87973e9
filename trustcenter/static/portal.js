// Says two minutes before a visit ends by itself that it will, and offers to go on. Without it nothing is missing: the
// foot of each page says when that is, and what is typed and sent too late is kept (trustcenter/portal/late.py).
"use strict";
const stay = document.getElementById("stay");
if (stay) {
  const [soon, over] = stay.children;
  let end = 0;
  let before = null;
  const begin = (seconds) => {
    end = Date.now() + seconds * 1000;
    look();
  };
  const look = () => {
    const left = end - Date.now();
    soon.hidden = left > 120000 || left <= 0;
    over.hidden = left > 0;
  };
  const goOn = async (event) => {
    event.preventDefault();
    const answer = await fetch(event.target.action, { method: "POST", body: new FormData(event.target) });
    begin(answer.ok && !answer.redirected ? Number(await answer.text()) : 0);
    const time = document.querySelector("#until time");
    time.dateTime = new Date(end).toISOString();
    time.textContent = `${time.dateTime.slice(11, 19)} UTC`;
    before?.focus();
  };
  stay.addEventListener("submit", goOn);
  // Who pressed the button goes back to where they were.
  stay.addEventListener("focusin", (event) => {
    before = stay.contains(event.relatedTarget) ? before : event.relatedTarget;
  });
  begin(Number(stay.dataset.left));
  setInterval(look, 1000);
}
