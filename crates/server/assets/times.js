// Shows times in the reader's own zone; without it they stay as the server wrote them, in UTC.
const { lang } = document.documentElement;
// As the server writes them: the day before the month.
const words = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

for (const time of document.querySelectorAll("time[data-local]")) {
  const local = words.format(new Date(time.dateTime)).replace(" at ", ", ");
  if (time.dataset.local === "title") {
    time.title = local;
  } else {
    time.title = time.textContent;
    time.textContent = local;
  }
}
