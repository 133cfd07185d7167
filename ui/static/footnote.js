// What the chat page needs from the browser: labels, chips, the article, copying.
// Everything shown was escaped and cleaned on the server; nothing here makes markup from text.

const byId = (id) => document.getElementById(id);
const isNarrow = () => window.matchMedia("(max-width: 820px)").matches;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const move = () => (calm.matches ? "auto" : "smooth");

let shownTurn = "";
let selected = "";
let lastTurn = "";
let opener = null;

// Labels that the page's components cannot carry themselves -----------------------------------

function label() {
	const attributes = {
		sources: { role: "region", "aria-label": "Sources", tabindex: "-1" },
		conversation: { role: "region", "aria-label": "Conversation" },
		sidebar: { role: "region", "aria-label": "Documents and settings" },
	};
	for (const [id, wanted] of Object.entries(attributes)) {
		const element = byId(id);
		for (const [name, value] of Object.entries(element ? wanted : {})) {
			if (element.getAttribute(name) !== value) element.setAttribute(name, value);
		}
	}
	for (const id of ["since", "until"]) {
		const input = document.querySelector(`#${id} input, #${id} textarea`);
		if (input instanceof HTMLInputElement && input.type !== "date") input.type = "date";
	}
	document.documentElement.lang ||= "en";
}

function announce(text) {
	let place = byId("fn-announce");
	if (!place) {
		place = document.createElement("div");
		place.id = "fn-announce";
		place.className = "fn-hid";
		place.setAttribute("role", "status");
		byId("conversation")?.append(place);
	}
	place.textContent = text;
}

// Chips and sources ---------------------------------------------------------------------------

function showSources() {
	for (const group of document.querySelectorAll(".fn-group")) {
		group.classList.toggle("is-shown", group.id === `sources-${shownTurn}`);
	}
	for (const card of document.querySelectorAll(".fn-source")) {
		card.classList.toggle("is-selected", card.id === selected);
	}
	for (const chip of document.querySelectorAll(".fn-chip")) {
		const isSelected = cardOf(chip) === selected;
		chip.classList.toggle("is-selected", isSelected);
		chip.setAttribute("aria-pressed", String(isSelected));
	}
}

function cardOf(chip) {
	return `source-${chip.name.replace("turn-", "")}-${chip.value}`;
}

function selectSource(chip, byKeyboard) {
	closeArticle(false);
	shownTurn = chip.name.replace("turn-", "");
	selected = cardOf(chip);
	opener = chip;
	showSources();
	const card = byId(selected);
	if (!card) return;
	scrollToward(card);
	if (byKeyboard) card.focus({ preventScroll: true });
}

function scrollToward(element) {
	if (isNarrow()) {
		element.scrollIntoView({ behavior: move(), block: "center" });
		return;
	}
	const panel = byId("sources");
	const top = element.getBoundingClientRect().top - panel.getBoundingClientRect().top;
	const room = Math.max(0, (panel.clientHeight - element.offsetHeight) / 2);
	panel.scrollTo({ top: panel.scrollTop + top - room, behavior: move() });
}

// The article ---------------------------------------------------------------------------------

async function openArticle(link) {
	const panel = byId("sources");
	const answer = await fetch(`${link.href}&part=1`).catch(() => null);
	if (!panel || !answer?.ok) {
		announce("The article could not be opened.");
		return;
	}
	closeArticle(false);
	opener = link;
	const reader = document.createElement("div");
	reader.className = "fn-reader";
	const close = document.createElement("button");
	close.type = "button";
	close.className = "fn-close";
	close.textContent = "← Back to the sources";
	const body = document.createElement("div");
	body.innerHTML = await answer.text(); // cleaned by ui/markup.py
	reader.append(close, body);
	panel.classList.add("is-reading");
	panel.append(reader);
	const cited = byId("cited");
	scrollToward(cited ?? reader);
	(cited ?? close).focus({ preventScroll: true });
}

function closeArticle(goBack) {
	const reader = document.querySelector(".fn-reader");
	if (!reader) return;
	reader.remove();
	byId("sources")?.classList.remove("is-reading");
	if (goBack && opener?.isConnected) {
		opener.scrollIntoView({ block: "center" });
		opener.focus({ preventScroll: true });
	}
}

// Copying -------------------------------------------------------------------------------------

async function copyAnswer(button) {
	const number = lastTurn.replace("turn-", "");
	const answer = await fetch(`/conversation.md?turn=${number}`).catch(() => null);
	const copied = answer?.ok && (await put(await answer.text()));
	announce(copied ? "Copied with its citations." : "There is nothing to copy.");
	const before = button.textContent;
	button.textContent = copied ? "Copied" : "Nothing to copy";
	setTimeout(() => (button.textContent = before), 1600);
}

async function put(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = document.createElement("textarea");
		area.value = text;
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		return done;
	}
}

// Following what the server sends ---------------------------------------------------------------

function follow() {
	label();
	const turns = document.querySelectorAll("#past .fn-turn, #live .fn-turn");
	const newest = turns[turns.length - 1];
	const name = newest ? `${newest.id}${newest.classList.contains("fn-live") ? "-live" : ""}` : "";
	if (name !== lastTurnState) {
		const began = newest && newest.id !== lastTurn;
		lastTurnState = name;
		lastTurn = newest?.id ?? "";
		if (began || (newest && !newest.classList.contains("fn-live"))) {
			shownTurn = lastTurn.replace("turn-", "");
			selected = "";
			closeArticle(false);
		}
		if (newest && ready) newest.scrollIntoView({ behavior: move(), block: "start" });
		if (newest && !newest.classList.contains("fn-live")) tell(newest);
	}
	showSources();
}

function tell(turn) {
	if (!ready) return;
	const chips = new Set([...turn.querySelectorAll(".fn-chip")].map((chip) => chip.value));
	if (turn.classList.contains("fn-declined")) announce("The documents do not say.");
	else if (chips.size) announce(`Answered with ${chips.size} source${chips.size > 1 ? "s" : ""}.`);
}

let lastTurnState = "";
let ready = false;
let waiting = 0;

document.addEventListener("click", (event) => {
	const target = event.target instanceof Element ? event.target : null;
	const chip = target?.closest(".fn-chip");
	const link = target?.closest("a.fn-open");
	const copy = target?.closest("#copy");
	if (chip) selectSource(chip, event.detail === 0);
	else if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
		event.preventDefault();
		openArticle(link);
	} else if (copy) copyAnswer(copy);
	else if (target?.closest(".fn-close")) closeArticle(true);
});

document.addEventListener("keydown", (event) => {
	if (event.key !== "Escape") return;
	if (document.querySelector(".fn-reader")) closeArticle(true);
	else if (document.activeElement?.closest(".fn-source") && opener?.isConnected) opener.focus();
});

new MutationObserver(() => {
	cancelAnimationFrame(waiting);
	waiting = requestAnimationFrame(follow);
}).observe(document.documentElement, { childList: true, subtree: true });

setTimeout(() => (ready = true), 1500);
follow();
