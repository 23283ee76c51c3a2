// The live page: runs are fetched when their server says that there is more of them.

class Fetched {
  async of(run, row) {
    const answer = await fetch(`runs/${run.number}/generations/${row.generation}`);
    if (!answer.ok) throw new Error(`the server says ${answer.status}`);
    return answer.json();
  }
}

let fetching = false;
let stale = false;
const texts = new Fetched();

async function renew() {
  if (fetching) { stale = true; return; }
  fetching = true;
  try {
    const answer = await fetch("runs");
    if (!answer.ok) throw new Error(`the server says ${answer.status}`);
    const first = !runs.length;
    take(await answer.json(), texts);
    if (first) controls();
    // What somebody reads or types in stays as it is; a picture is drawn anew.
    const busy = ["program", "settings"].includes(address().view) || (document.activeElement && ["INPUT", "SELECT"].includes(document.activeElement.tagName));
    if (first || !busy) { const at = window.scrollY; show(); window.scrollTo(0, at); }
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    document.getElementById("state").textContent = `No news: ${line(error.message, 200)}`;
    if (!runs.length) tellWrong(error);
  } finally {
    fetching = false;
    if (stale) { stale = false; renew(); }
  }
}

const news = new EventSource("news");
news.addEventListener("more", renew);
news.addEventListener("error", () => { document.getElementById("state").textContent = "The server of this page does not answer; trying again."; });
