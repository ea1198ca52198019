/* What is still going on is fetched again until it has ended: elements marked data-refresh, by their id. */
(() => {
  const PAUSE = 2000;
  const TRIES = 150;

  const follow = (place, left) => {
    if (!left || !place.hasAttribute("data-refresh")) return;
    setTimeout(async () => {
      let next = place;
      try {
        const answer = await fetch(window.location.href, { redirect: "error" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok && page.getElementById(place.id);
        if (fresh) {
          place.replaceWith(fresh);
          next = fresh;
          if (!fresh.hasAttribute("data-refresh"))
            document.querySelectorAll("[data-refreshed]").forEach((hint) => { hint.hidden = false; });
        }
      } catch {
        // The server may be away for a moment: the next try tells.
      }
      follow(next, left - 1);
    }, PAUSE);
  };

  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll("[data-refresh]").forEach((place) => follow(place, TRIES)),
  );
})();
